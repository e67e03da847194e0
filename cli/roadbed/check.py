"""Whether a service's managed files are still the template's bytes: offline, without Copier.

`.roadbed/MANIFEST` is what they are compared with, so an edit of that file itself is not found:
nothing on this machine says what it should be. A review of its changes, or an update, does.
"""

import json
import os
import shlex
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pathspec

from roadbed import answers, git, manifest, ownership
from roadbed.errors import CouldNotRunError, Exit
from roadbed.manifest import Entry

DIVERGED, MISSING, UNEXPECTED, OK = "diverged", "missing", "unexpected", "ok"
_BYPRODUCTS = ("**/*.py[co]", "**/*.egg-info/**")  # also where no .gitignore names them
_SHOWN = 3  # paths in one advised command
_MOVE = f"move it out of what is managed (see {ownership.OWNERSHIP_FILE}): updates do not know it"
_ADVICE = {
    DIVERGED: "take the edit elsewhere (see .roadbed/README.md), then restore",
    MISSING: "restore",
}


@dataclass(frozen=True)
class Finding:
    """A managed file and what is wrong with it: `diverged`, `missing` or `unexpected`."""

    path: str
    state: str

    @property
    def fix(self) -> str:
        """What to do about it."""
        if self.state == UNEXPECTED:
            return _MOVE
        return f"{_ADVICE[self.state]} the template's bytes with `{restoring([self.path])}`"


@dataclass(frozen=True)
class Report:
    """What `check` found in the service `folder`; `checked` counts the files compared."""

    folder: Path
    plan: str
    version: str
    checked: int
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> Exit:
        """1 when something was found."""
        return Exit.FINDINGS if self.findings else Exit.FINE


def check(folder: Path) -> Report:
    """Compare the managed files of the service in `folder` with its manifest, both ways.

    Raises UsageError when the answers file or the manifest is missing or broken, CouldNotRunError
    when a file cannot be read.
    """
    given = answers.read(folder)
    entries = manifest.read(folder)
    expected = [entry for entry in entries if _applies(entry, given.values, folder)]
    states = [(entry.path, _state(folder / entry.path, entry.blob)) for entry in expected]
    findings = [Finding(path, state) for path, state in states if state != OK]
    if ownership.OWNERSHIP_FILE not in {found.path for found in findings}:
        added = _managed(folder) - {entry.path for entry in entries}
        findings += [Finding(path, UNEXPECTED) for path in sorted(added)]
    return Report(folder, given.plan, given.version, len(states), tuple(findings))


def _managed(folder: Path) -> set[str]:
    """The managed files of the service, but not what git ignores nor what Python leaves behind."""
    listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        names = git.run(*listed, cwd=folder).split("\0")
    except CouldNotRunError:  # no repository, or no git
        found = set(manifest.managed_files(folder))
    else:  # a walk would visit every library in .venv
        owners = ownership.read(folder)
        present = {name for name in names if name and os.path.lexists(folder / name)}
        found = {name for name in present if owners.classify(name) == "managed"}
    byproducts = pathspec.GitIgnoreSpec.from_lines(_BYPRODUCTS)
    return {name for name in found if not byproducts.match_file(name)} - {manifest.MANIFEST_FILE}


def _applies(entry: Entry, given: Mapping[str, object], folder: Path) -> bool:
    if not entry.condition:
        return True
    question, _, value = entry.condition.partition("=")
    if question not in given:
        raise answers.broken(folder / answers.ANSWERS_FILE, f"`{question}` is missing")
    return str(given[question]) == value


def _state(path: Path, blob: str) -> str:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return DIVERGED
        return OK if manifest.blob_id(path.read_bytes()) == blob else DIVERGED
    except (FileNotFoundError, NotADirectoryError):
        return MISSING
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be read: {error.strerror}.") from error


def restoring(paths: Iterable[str]) -> str:
    """The command that brings the template's bytes of these paths back, and touches no other."""
    only = " ".join(f"-x {shlex.quote(f'!/{path}')}" for path in paths)
    return f"uvx copier recopy --defaults --overwrite --vcs-ref :current: -x '*' {only}"


def as_text(report: Report) -> list[str]:
    """The report for people: one line when clean, else one finding a line and what to do."""
    if not report.findings:
        return [f"{report.checked} managed files are as the template ({report.version}) made them."]
    width = max(len(finding.path) for finding in report.findings)
    lines = [f"{found.path:<{width}}  {found.state}" for found in report.findings]
    counts = Counter(found.state for found in report.findings)
    total = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    return [*lines, "", f"{total}, of {report.checked} managed files.", *_advice(report)]


def _advice(report: Report) -> list[str]:
    states = {found.state for found in report.findings}
    lost = [found.path for found in report.findings if found.state != UNEXPECTED]
    lines = [f"{UNEXPECTED}: {_MOVE}."] if UNEXPECTED in states else []
    if not lost:
        return lines
    shown, more = lost[:_SHOWN], len(lost[_SHOWN:])
    advice = _ADVICE[DIVERGED if DIVERGED in states else MISSING]
    lines += [f"To mend it, {advice} the template's bytes with", f"  {restoring(shown)}"]
    return [*lines, f"and one more -x '!/…' for each of the other {more}."] if more else lines


def as_json(report: Report) -> str:
    """The report for machines; `schema` changes when a key does."""
    return json.dumps(
        {
            "schema": 1,
            "path": str(report.folder.resolve()),
            "plan": report.plan,
            "template": report.version,
            "checked": report.checked,
            "findings": [
                {"path": found.path, "state": found.state, "fix": found.fix}
                for found in report.findings
            ],
        },
        indent=2,
    )

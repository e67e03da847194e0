"""Whether a service's managed files are still the template's bytes: offline, without Copier."""

import json
import shlex
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from roadbed import answers, manifest
from roadbed.errors import CouldNotRunError, Exit
from roadbed.manifest import Entry

DIVERGED, MISSING, OK = "diverged", "missing", "ok"
_SHOWN = 3  # paths in one advised command
_ADVICE = {
    DIVERGED: "take the edit elsewhere (see .roadbed/README.md), then restore",
    MISSING: "restore",
}


@dataclass(frozen=True)
class Finding:
    """A managed file and what is wrong with it: `diverged` or `missing`."""

    path: str
    state: str

    @property
    def fix(self) -> str:
        """What to do about it."""
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
    """Compare the managed files of the service in `folder` with its manifest.

    Raises UsageError when the answers file or the manifest is missing or broken, CouldNotRunError
    when a file cannot be read.
    """
    given = answers.read(folder)
    expected = [entry for entry in manifest.read(folder) if _applies(entry, given.values, folder)]
    states = [(entry.path, _state(folder / entry.path, entry.blob)) for entry in expected]
    findings = tuple(Finding(path, state) for path, state in states if state != OK)
    return Report(folder, given.plan, given.version, len(states), findings)


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
    state = DIVERGED if any(found.state == DIVERGED for found in report.findings) else MISSING
    shown = [found.path for found in report.findings[:_SHOWN]]
    more = len(report.findings) - len(shown)
    lines = [f"To mend it, {_ADVICE[state]} the template's bytes with", f"  {restoring(shown)}"]
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

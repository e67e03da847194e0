"""What the tests of updates share: services at a release, both tools, and what a folder holds."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import copier

from roadbed import __main__ as command_line
from tests.cli.conftest import Ran, commit, git

_GUIDE = Path(__file__).parents[2] / "docs/guide"
Files = Mapping[str, tuple[str, bytes]]


@dataclass(frozen=True)
class Nursery:
    """Services as they were born, made once for each release and set of answers, then copied."""

    root: Path
    made: dict[tuple[object, ...], Path] = field(default_factory=dict)

    def born(self, template: Path, version: str, into: Path, **answers: str) -> Path:
        """A committed service in the folder `into`, which must not exist."""
        key = (template, version, *sorted(answers.items()))
        if key not in self.made:
            self.made[key] = self.root / f"born-{len(self.made)}"
            _bear(template, version, self.made[key], answers)
        shutil.copytree(self.made[key], into, symlinks=True)
        return into


def _bear(template: Path, version: str, into: Path, answers: Mapping[str, str]) -> None:
    data = dict(answers)
    copier.run_copy(
        str(template), into, data=data, vcs_ref=version, defaults=True, overwrite=True, quiet=True
    )
    git(into, "init", "--quiet", "-b", "main")
    commit(into, "Start")


def roadbed(*arguments: str | Path) -> Ran:
    """Run a verb in this process, which saves Copier's import each time."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command_line.run([str(argument) for argument in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def copier_update(service: Path, *arguments: str) -> Ran:
    """Run plain `copier update --defaults` as a user types it."""
    done = subprocess.run(
        [sys.executable, "-m", "copier", "update", "--defaults", "--quiet", *arguments],
        cwd=service,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def guide(name: str) -> list[list[str]]:
    """The blocks of commands in a page of the guide."""
    text = (_GUIDE / name).read_text()
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in blocks]


def files(folder: Path) -> Files:
    """Every file of a working tree: what it is (file, x, link) and its bytes or target."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] != ".git" and (path.is_symlink() or not path.is_dir()):
            found[name] = _file(path)
    return found


def _file(path: Path) -> tuple[str, bytes]:
    if path.is_symlink():
        return "link", os.fsencode(path.readlink())
    return "x" if os.access(
        path, os.X_OK
    ) and path.stat().st_mode & 0o100 else "file", path.read_bytes()


@dataclass(frozen=True)
class State:
    """Everything that a refusal must leave alone: the working tree and what git knows."""

    files: Files
    head: str
    refs: str
    index: str

    @staticmethod
    def of(service: Path) -> "State":
        """The state of the repository whose working tree is `service`."""
        head = git(service, "rev-parse", "--symbolic-full-name", "HEAD")
        return State(
            files(service),
            f"{head} {git(service, 'rev-parse', 'HEAD')}",
            git(service, "for-each-ref"),
            git(service, "ls-files", "--stage", "-v"),
        )

    def beside_journal(self) -> "State":
        """The same without what Roadbed keeps of its latest update, which outlives the update."""
        kept = [line for line in self.refs.splitlines() if "\trefs/roadbed/" not in line]
        return replace(self, refs="\n".join(kept))

    def differences(self, other: "State") -> list[str]:
        """What is not the same there, for the message of a test that fails."""
        mine, theirs = self.files, other.files
        paths = {path for path in {*mine, *theirs} if mine.get(path) != theirs.get(path)}
        entries = set(self.index.splitlines()) ^ set(other.index.splitlines())
        moved = [name for name in ("head", "refs") if getattr(self, name) != getattr(other, name)]
        return [*sorted(paths), *sorted(entries), *moved]


def conflicted(service: Path) -> set[str]:
    """The paths that the index holds in more than one version."""
    listing = git(service, "ls-files", "--unmerged", "-z").split("\0")
    return {line.partition("\t")[2] for line in listing if line}

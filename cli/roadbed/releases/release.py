"""Cut a release of the templates: `just release 1.2.0`, for maintainers.

Every check runs first. Then files are written, committed and tagged; after a failure on the way the
checkout is as it was.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from roadbed import terminal
from roadbed.errors import CouldNotRunError, Exit, RoadbedError, UsageError
from roadbed.git.command import clear_git_environment, require_identity, run_git
from roadbed.releases import changelog, notes
from roadbed.service.manifest import MANIFEST_FILE
from roadbed.template import build_manifest
from roadbed.template.source import local_checkout, newest_version, version_numbers
from roadbed.toolchain import uv

BRANCH = "main"
MATRIX = "matrix"  # the recipe of the justfile that has to pass
# vendored into every service: their version moves when they do (docs/adr/0025)
VENDORED = ("chassis", "devissuer")
NOTHING_YET = """\
# What the next release changes, for the people who maintain services. CONTRIBUTING.md says how
# to write a note; run `just changelog` afterwards.
"""
_NEXT = f"{notes.FOLDER}/{notes.NEXT}"
_VERSION = re.compile(r'^version = "[^"]*"$', re.MULTILINE)
_NUMBERS = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}")


@dataclass(frozen=True)
class Cut:
    """The release `version` of commit `head` of `checkout`; `moving` are the vendored folders it
    bumps.

    `files` are the tracked files that it writes.
    """

    checkout: Path
    version: str
    head: str
    moving: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The tag that services will record."""
        return f"v{self.version}"

    @property
    def notes(self) -> str:
        """The file that the notes move to."""
        return f"{notes.FOLDER}/{self.version}.toml"


@dataclass(frozen=True)
class Step:
    """One thing that a release writes."""

    title: str
    run: Callable[[Cut], None]


def main(arguments: Sequence[str]) -> int:
    """Cut a release: bump the version, move the notes, commit and tag; publishing is up to you."""
    parser = argparse.ArgumentParser("python -m roadbed.releases.release", description=main.__doc__)
    parser.add_argument("version", help="three numbers, greater than those of the last release")
    parser.add_argument("--dry-run", action="store_true", help="print the steps and write nothing")
    parser.add_argument("--source", default=None, help="the checkout [default: this one]")
    options = parser.parse_args(arguments)
    checkout = local_checkout(options.source)
    require_releasable(checkout, options.version)
    cut = prepare_release(checkout, options.version)
    if options.dry_run:
        for title in (f"run `just {MATRIX}`", *(step.title for step in steps(cut))):
            terminal.say(title)
        return 0
    require_green(checkout)
    _refuse_changed(cut)
    with _undo_on_failure(cut):
        for step in steps(cut):
            with terminal.step(step.title):
                step.run(cut)
    terminal.say(f"{cut.tag} is tagged. Publish it: git push --atomic origin {BRANCH} {cut.tag}")
    return 0


def require_releasable(checkout: Path, version: str) -> None:
    """Raise UsageError, or CouldNotRunError, when the checkout cannot be released."""
    if not _NUMBERS.fullmatch(version):
        raise UsageError(f"{version!r} is not a version: write three numbers, such as 1.2.0.")
    if run_git("branch", "--show-current", cwd=checkout) != BRANCH:
        raise UsageError(f"Releases are cut from {BRANCH}: run `git switch {BRANCH}` first.")
    if run_git("status", "--porcelain", cwd=checkout):
        raise UsageError("The checkout has uncommitted changes: commit or stash them first.")
    last = newest_version([*_tags(checkout), *_released(checkout)])
    if last and version_numbers(version) <= version_numbers(last):
        raise UsageError(
            f"{version} is not greater than the last release, {last}: name a greater one."
        )
    if not notes.in_checkout(checkout).release(notes.NEXT).changes:
        raise UsageError(f"{_NEXT} has no note, so there is nothing to release: write one.")
    if not changelog.is_current(checkout):
        raise UsageError("CHANGELOG.md is stale: run `just changelog` and commit it first.")
    require_identity({})
    with terminal.step("compare the manifests with real renders"):
        if build_manifest.main(["--check", f"--source={checkout}"]):
            raise UsageError("A manifest is stale: run `just manifest` and commit it first.")


def prepare_release(checkout: Path, version: str) -> Cut:
    """Return the plan of this version's release."""
    moving = tuple(folder for folder in VENDORED if _has_changed(checkout, folder))
    locks = ("uv.lock", "tests/chassis/uv.lock") if moving else ("uv.lock",)
    manifests = checkout.glob(f"templates/*/{MANIFEST_FILE}") if moving else ()
    files = (
        *(f"{folder}/pyproject.toml".removeprefix("./") for folder in (".", *moving)),
        *locks,
        _NEXT,
        changelog.CHANGELOG_FILE,
        *(path.relative_to(checkout).as_posix() for path in sorted(manifests)),
    )
    return Cut(checkout, version, run_git("rev-parse", "HEAD", cwd=checkout), moving, files)


def steps(cut: Cut) -> list[Step]:
    """Return the steps of the release, in order."""
    projects = ", ".join(("roadbed", *cut.moving))
    return [
        Step(f"write {cut.version} as the version of {projects}", _bump),
        Step("update the lock files", _lock),
        Step(f"move {_NEXT} to {cut.notes}", _move_notes),
        Step(f"write {changelog.CHANGELOG_FILE}", lambda cut: changelog.write(cut.checkout)),
        *([Step("write the manifests", _write_manifests)] if cut.moving else []),
        Step(f"commit, and tag {cut.tag}", _commit),
    ]


def require_green(checkout: Path) -> None:
    """Run the update matrix in the checkout; raises UsageError when it fails."""
    terminal.note(f"Running `just {MATRIX}`; nothing is written before it passes.")
    command = ["just", "--justfile", str(checkout / "justfile"), MATRIX]
    try:
        done = subprocess.run(command, cwd=checkout, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError as error:
        raise CouldNotRunError("just is not on PATH: run `uv run just release …`.") from error
    if done.returncode:
        raise UsageError("The update matrix failed (see above): fix it, then release.")


def _tags(checkout: Path) -> list[str]:
    return run_git("tag", "--list", cwd=checkout).split()


def _released(checkout: Path) -> list[str]:
    return [name.removesuffix(".toml") for name in notes.in_checkout(checkout).names]


def _has_changed(checkout: Path, folder: str) -> bool:
    """Return whether the folder differs from the release whose version it has."""
    project = tomllib.loads((checkout / folder / "pyproject.toml").read_text(encoding="utf-8"))
    tag = f"v{project['project']['version']}"
    if tag not in _tags(checkout):
        return True
    return bool(run_git("diff", "--name-only", tag, "HEAD", "--", folder, cwd=checkout))


def _refuse_changed(cut: Cut) -> None:
    here = run_git("rev-parse", "HEAD", cwd=cut.checkout)
    if here != cut.head or run_git("status", "--porcelain", cwd=cut.checkout):
        raise UsageError(
            "The checkout changed while the matrix ran: run `git status`, then release again."
        )


@contextmanager
def _undo_on_failure(cut: Cut) -> Iterator[None]:
    try:
        yield
    except BaseException:
        run_git("reset", "--quiet", cut.head, cwd=cut.checkout)
        (cut.checkout / cut.notes).unlink(missing_ok=True)
        run_git("restore", "--", *cut.files, cwd=cut.checkout)
        raise


def _bump(cut: Cut) -> None:
    for folder in (".", *cut.moving):
        path = cut.checkout / folder / "pyproject.toml"
        text = path.read_text(encoding="utf-8")
        bumped = _VERSION.sub(f'version = "{cut.version}"', text, count=1)
        path.write_text(bumped, encoding="utf-8", newline="\n")


def _lock(cut: Cut) -> None:
    for path in cut.files:
        trouble = path.endswith("uv.lock") and uv.lock((cut.checkout / path).parent)
        if trouble:
            raise CouldNotRunError(
                f"{path} could not be written ({trouble}): check the network and try again."
            )


def _move_notes(cut: Cut) -> None:
    path = cut.checkout / _NEXT
    written = path.read_text(encoding="utf-8").removeprefix(NOTHING_YET).lstrip()
    today = datetime.now(UTC).date()
    released = f"date = {today}\n\n{written}"
    (cut.checkout / cut.notes).write_text(released, encoding="utf-8", newline="\n")
    path.write_text(NOTHING_YET, encoding="utf-8", newline="\n")


def _write_manifests(cut: Cut) -> None:
    build_manifest.main(["--write", f"--source={cut.checkout}"])


def _commit(cut: Cut) -> None:
    run_git("add", "--", cut.notes, *cut.files, cwd=cut.checkout)
    run_git("commit", "--quiet", f"--message=Release {cut.version}", cwd=cut.checkout)
    message = f"--message=Roadbed {cut.version}"
    run_git("tag", "--annotate", message, cut.tag, cwd=cut.checkout)


if __name__ == "__main__":
    clear_git_environment()
    try:
        sys.exit(main(sys.argv[1:]))
    except RoadbedError as mistake:
        terminal.error(str(mistake))
        sys.exit(mistake.exit_code)
    except KeyboardInterrupt:
        terminal.error("interrupted; the checkout is as it was.")
        sys.exit(Exit.INTERRUPTED)

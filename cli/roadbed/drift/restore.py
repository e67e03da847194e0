"""Restoring the template's bytes of managed files, and saving the edited ones aside."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from roadbed.drift.findings import MISSING, RESTORABLE, Finding
from roadbed.errors import CouldNotRunError, UsageError
from roadbed.git.command import GitError, run_git
from roadbed.git.objects import FILE, Store
from roadbed.service.answers import read_answers


@dataclass(frozen=True)
class Restored:
    """A file with the template's bytes again; `saved` is the path of the edited copy."""

    path: str
    state: str
    saved: Path | None


def restore_files(folder: Path, findings: Iterable[Finding]) -> tuple[Restored, ...]:
    """Restore every managed file of these findings that differs and is not waived.

    Nothing is written before all bytes are available. Raises UsageError where a path is blocked,
    CouldNotRunError where bytes are not available or a file cannot be written. Files restored
    before such an error stay restored, and the same command restores the rest.
    """
    restorable = [finding for finding in findings if finding.state in RESTORABLE and finding.fails]
    if not restorable:
        return ()

    from roadbed.git.locks import hold_lock  # noqa: PLC0415 (a check alone writes nothing)
    from roadbed.service.interruption import require_no_interruption  # noqa: PLC0415 (a check alone writes nothing)

    for finding in restorable:
        _refuse_blocked(folder, finding.path)
    private_folder = _git_dir(folder) / "roadbed"
    aside = private_folder / "saved" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    content = template_bytes(folder, (finding.blob for finding in restorable))
    with hold_lock(private_folder, folder):
        require_no_interruption(folder)
        return tuple(
            _restored(folder, finding, content[finding.blob], aside) for finding in restorable
        )


def template_bytes(folder: Path, blobs: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of these blobs of the template, by id.

    The repository of the service in `folder` has committed most of them; the template has the
    others. Raises UsageError without a repository, CouldNotRunError for a blob that neither has.
    """
    own = Store(_git_dir(folder))
    wanted = set(blobs)
    missing = set(own.lacks(wanted))
    contents = own.read(wanted - missing)
    return contents | _from_template(folder, missing) if missing else contents


def _from_template(folder: Path, blobs: Iterable[str]) -> dict[str, bytes]:
    from roadbed.template.mirror import mirror_with  # noqa: PLC0415 (usually the service has all of them)

    answers = read_answers(folder)
    store = mirror_with(answers.source, answers.commit or answers.version).store
    lost = store.lacks(blobs)
    if lost:
        raise CouldNotRunError(
            f"The template's file {lost[0][:12]}, which .roadbed/MANIFEST lists, is neither in "
            f"this repository nor in {answers.source}: restore .roadbed/MANIFEST from a commit "
            "that an update made, and run the same command again."
        )
    return store.read(blobs)


def _git_dir(folder: Path) -> Path:
    try:
        return Path(run_git("rev-parse", "--absolute-git-dir", cwd=folder))
    except GitError as error:
        raise UsageError(
            f"{folder.resolve()} is not in a git repository, which is needed to "
            "restore files and to save edits: "
            "clone the service's repository, or run `git init` there and try again."
        ) from error


def _refuse_blocked(folder: Path, path: str) -> None:
    """Raise UsageError for a path through a link, which may leave the service, or through a
    file.
    """
    for parent in reversed(Path(path).parents[:-1]):
        place = folder / parent
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise UsageError(
                f"{place} is not a folder, so {path} cannot be restored in it: move it away and "
                "run the same command again."
            )


def _restored(folder: Path, finding: Finding, content: bytes, aside: Path) -> Restored:
    from roadbed.git.worktree import FileContent, replace_file  # noqa: PLC0415 (a check alone writes nothing)

    saved = None if finding.state == MISSING else aside / finding.path
    if saved:
        _save(folder / finding.path, saved)
    replace_file(folder, finding.path, FileContent(FILE, content))
    return Restored(finding.path, finding.state, saved)


def _save(place: Path, saved: Path) -> None:
    try:
        saved.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not place.is_symlink():  # a file cannot replace a folder
            shutil.move(place, saved)
        else:
            shutil.copy2(place, saved, follow_symlinks=False)
    except OSError as error:
        raise CouldNotRunError(
            f"{place} could not be saved in {saved.parent} ({error.strerror}), so it was not "
            "changed: make that folder writable and run the same command again."
        ) from error

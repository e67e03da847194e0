"""Writing an update, so that it can be finished or undone after any interruption.

HEAD never moves. Once the journal is stored, `continue_update` ends in the new state and
`undo_update` in the old one, byte for byte, even when they are interrupted and repeated. Writing a
work tree takes many steps; during them an untracked file shows the update in `git status`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roadbed.errors import CouldNotRunError, UsageError
from roadbed.git.index import clear_index_lock, require_free_index, write_index
from roadbed.git.locks import hold_lock
from roadbed.git.objects import Entry, Store, blob_id
from roadbed.git.repository import (
    Repository,
    current_branch,
    require_free_paths,
    require_ready,
    require_unedited,
)
from roadbed.git.worktree import FileContent, read_files, save_aside, write_files
from roadbed.update import journal
from roadbed.update.journal import UNDONE, WRITING, WRITTEN, Journal, PendingUpdate


@contextmanager
def exclusive_access(repository: Repository) -> Iterator[None]:
    """Hold the work tree's lock; raises CouldNotRunError while another process has it.

    The system drops the lock when its holder dies, so the leftovers of a dead process are cleared.
    """
    with hold_lock(repository.private_folder, repository.folder):
        clear_index_lock(repository)
        journal.lock_file(repository).unlink(missing_ok=True)
        yield


def write_update(repository: Repository, pending: PendingUpdate, store: Store) -> list[Path]:
    """Write an update whose objects are in `store`; returns the saved copies of edited files.

    Raises UsageError, and writes nothing, when another update is unfinished, or when the service
    changed while this update was prepared.
    """
    with exclusive_access(repository):
        journal.require_none(repository)
        require_free_index(repository)
        _require_unchanged(repository, pending)
        return _finish(repository, journal.begin(repository, pending, store), "after", WRITTEN)


def continue_update(repository: Repository) -> tuple[Journal, list[Path]]:
    """Finish an interrupted update; returns its journal and the saved copies of edited files."""
    with exclusive_access(repository):
        last = journal.latest(repository)
        if last and last.record.state != WRITING and journal.marker_file(repository).exists():
            journal.marker_file(repository).unlink()
            return last, []
        if last is None or last.record.state != WRITING:
            raise UsageError(
                f"No update was interrupted in {repository.folder}: nothing to continue."
            )
        if repository.head != last.record.head:
            raise UsageError(
                f"The update to {last.record.new} was interrupted at commit "
                f"{last.record.head[:10]}, and something was committed since: forget it with "
                "`roadbed update --abort`, which then writes nothing."
            )
        _require_same_branch(repository, last)
        return last, _finish(repository, last, "after", WRITTEN)


def undo_update(repository: Repository) -> tuple[Journal, list[Path]]:
    """Undo the latest update, interrupted or not, while it is not committed.

    An interrupted update that was followed by a commit is only forgotten: nothing is written.
    Returns the journal and the saved copies of edited files.
    """
    with exclusive_access(repository):
        last = journal.latest(repository)
        if last and last.record.state == UNDONE and journal.marker_file(repository).exists():
            journal.marker_file(repository).unlink()
            return last, []
        if last is None or last.record.state == UNDONE:
            raise UsageError(f"There is no update to undo in {repository.folder}.")
        if repository.head != last.record.head:
            return _forgotten(repository, last), []
        _require_same_branch(repository, last)
        # an interrupted undo is an interrupted update as well
        begun = journal.with_state(repository, last, WRITING)
        return last, _finish(repository, begun, "before", UNDONE)


def _forgotten(repository: Repository, last: Journal) -> Journal:
    if last.record.state != WRITING:
        raise UsageError(
            f"The update to {last.record.new} began at commit {last.record.head[:10]}, and "
            "something was committed since: it is part of your history now, so use git to undo it."
        )
    gone = journal.with_state(repository, last, UNDONE)
    journal.marker_file(repository).unlink(missing_ok=True)
    return gone


def _require_unchanged(repository: Repository, pending: PendingUpdate) -> None:
    if repository.lines("rev-parse", "HEAD") != [repository.head]:
        raise UsageError(
            f"Something was committed in {repository.folder} while the update was worked out: run "
            "the same command again."
        )
    before = repository.files()
    after = {**before, **{path: entry for path, entry in pending.after.items() if entry}}
    gone = {path for path, entry in pending.after.items() if entry is None}
    require_ready(repository)
    require_unedited(repository, before, pending.after)
    require_free_paths(
        repository, before, {path: entry for path, entry in after.items() if path not in gone}
    )


def _require_same_branch(repository: Repository, last: Journal) -> None:
    if current_branch(repository) != last.record.branch:
        branch = last.record.branch.removeprefix("refs/heads/")
        raise UsageError(
            f"The update to {last.record.new} began on branch {branch}: go back to it with "
            f"`git switch {branch}`, and run the same command again."
        )


def _finish(repository: Repository, begun: Journal, side: str, state: str) -> list[Path]:
    try:
        require_free_index(repository)
        journal.marker_file(repository).touch()
        saved = _write_files(repository, begun, side)
        write_index(repository, _index(repository, begun, side))
        journal.with_state(repository, begun, state)
        journal.marker_file(repository).unlink(missing_ok=True)
    except (CouldNotRunError, OSError) as error:
        why = str(error).rstrip(".")
        raise CouldNotRunError(
            f"{why}. The update is only partly written: fix the cause, then finish it with "
            "`roadbed update --continue`, or undo it with `roadbed update --abort`."
        ) from error
    return saved


def _write_files(repository: Repository, begun: Journal, side: str) -> list[Path]:
    before, after = (begun.files(repository, name) for name in ("before", "after"))
    wanted = after if side == "after" else before
    paths = [*begun.record.changed, *(begun.record.regenerated if side == "before" else ())]
    foreign = [
        path
        for path, file in read_files(repository, paths).items()
        if file not in {before.get(path), after.get(path)}
        and not _is_regenerated(repository, begun, path, file)
    ]
    saved = save_aside(repository, foreign)
    write_files(repository, {path: wanted.get(path) for path in paths})
    return saved


def _is_regenerated(repository: Repository, begun: Journal, path: str, file: FileContent) -> bool:
    """Return whether a command regenerated and staged the file after the update."""
    return path in begun.record.regenerated and repository.lines(
        "rev-parse", "-q", "--verify", f":{repository.prefix}{path}"
    ) == [blob_id(file.content)]


def _index(
    repository: Repository, begun: Journal, side: str
) -> Iterator[tuple[str, str, Entry | None]]:
    """Yield path, stage and entry for git's index; None removes all stages of the path."""
    record = begun.record
    unmerged = {path for path, *_ in record.stages}
    regenerated = record.regenerated if side == "before" else ()
    touched = {*record.changed, *regenerated, *unmerged}
    for path in touched:
        yield path, "0", None
    if side == "after":
        for path, stage, mode, blob in (*record.staged, *record.stages):
            if stage != "0" or path not in unmerged:
                yield path, stage, Entry(mode, blob)
        return
    at_head = repository.files()
    for path in touched & set(at_head):
        yield path, "0", at_head[path]

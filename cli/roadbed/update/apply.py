"""Writing an update: finished or taken back, whenever it was cut short.

HEAD never moves. Once the journal is kept, `go_on` ends in the new state and `take_back` in the old
one, byte for byte, however often either is begun. Writing a work tree is many steps and cannot be
one, so while they last an untracked file says so in `git status`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roadbed.errors import CouldNotRunError, UsageError
from roadbed.git import index as staging
from roadbed.git import locks, repository, worktree
from roadbed.git.objects import Entry, Store, blob_id
from roadbed.git.repository import Repository
from roadbed.git.worktree import Bytes
from roadbed.update import journal
from roadbed.update.journal import TAKEN_BACK, WRITING, WRITTEN, Draft, Journal


@contextmanager
def alone(found: Repository) -> Iterator[None]:
    """Hold the work tree's lock; raises CouldNotRunError while another process has it.

    The system drops the lock when its holder dies, so what a dead one left behind is cleared.
    """
    with locks.held(found.room, found.folder):
        staging.clear(found)
        journal.lock(found).unlink(missing_ok=True)
        yield


def write(found: Repository, draft: Draft, store: Store) -> list[Path]:
    """Write an update of which `store` holds the objects; returns where edits were saved, if any.

    Raises UsageError when another update is unfinished, or something was committed or edited while
    this one was worked out; nothing is written then.
    """
    with alone(found):
        journal.require_none(found)
        staging.require_free(found)
        _require_unchanged(found, draft)
        return _finish(found, journal.begin(found, draft, store), "after", WRITTEN)


def go_on(found: Repository) -> tuple[Journal, list[Path]]:
    """End an interrupted update in its new state."""
    with alone(found):
        last = journal.latest(found)
        if last and last.record.state != WRITING and journal.marker(found).exists():
            journal.marker(found).unlink()
            return last, []
        if last is None or last.record.state != WRITING:
            raise UsageError(f"No update was interrupted in {found.folder}: nothing to continue.")
        if found.head != last.record.head:
            raise UsageError(
                f"The update to {last.record.new} was interrupted at commit "
                f"{last.record.head[:10]}, and something was committed since: forget it with "
                "`roadbed update --abort`, which then writes nothing."
            )
        _require_same_branch(found, last)
        return last, _finish(found, last, "after", WRITTEN)


def take_back(found: Repository) -> tuple[Journal, list[Path]]:
    """Undo the latest update, interrupted or not, as long as it is not committed.

    Where something was committed after it was interrupted, it is only forgotten.
    """
    with alone(found):
        last = journal.latest(found)
        if last and last.record.state == TAKEN_BACK and journal.marker(found).exists():
            journal.marker(found).unlink()
            return last, []
        if last is None or last.record.state == TAKEN_BACK:
            raise UsageError(f"There is no update to undo in {found.folder}.")
        if found.head != last.record.head:
            return _forgotten(found, last), []
        _require_same_branch(found, last)
        begun = journal.noted(found, last, WRITING)  # what is undone half-way is unfinished again
        return last, _finish(found, begun, "before", TAKEN_BACK)


def _forgotten(found: Repository, last: Journal) -> Journal:
    if last.record.state != WRITING:
        raise UsageError(
            f"The update to {last.record.new} began at commit {last.record.head[:10]}, and "
            "something was committed since: it is part of your history now, so use git to undo it."
        )
    gone = journal.noted(found, last, TAKEN_BACK)
    journal.marker(found).unlink(missing_ok=True)
    return gone


def _require_unchanged(found: Repository, draft: Draft) -> None:
    if found.lines("rev-parse", "HEAD") != [found.head]:
        raise UsageError(
            f"Something was committed in {found.folder} while the update was worked out: run the "
            "same command again."
        )
    before = found.files()
    after = {**before, **{path: entry for path, entry in draft.after.items() if entry}}
    gone = {path for path, entry in draft.after.items() if entry is None}
    repository.require_ready(found)
    repository.require_unedited(found, before, draft.after)
    repository.require_free(
        found, before, {path: entry for path, entry in after.items() if path not in gone}
    )


def _require_same_branch(found: Repository, last: Journal) -> None:
    if repository.branch(found) != last.record.branch:
        branch = last.record.branch.removeprefix("refs/heads/")
        raise UsageError(
            f"The update to {last.record.new} began on branch {branch}: go back to it with "
            f"`git switch {branch}`, and run the same command again."
        )


def _finish(found: Repository, begun: Journal, side: str, state: str) -> list[Path]:
    try:
        staging.require_free(found)
        journal.marker(found).touch()
        saved = _write_files(found, begun, side)
        staging.write(found, _index(found, begun, side))
        journal.noted(found, begun, state)
        journal.marker(found).unlink(missing_ok=True)
    except (CouldNotRunError, OSError) as error:
        why = str(error).rstrip(".")
        raise CouldNotRunError(
            f"{why}. The update is written in part: mend that, then finish it with `roadbed "
            "update --continue`, or undo it with `roadbed update --abort`."
        ) from error
    return saved


def _write_files(found: Repository, begun: Journal, side: str) -> list[Path]:
    before, after = (begun.files(found, name) for name in ("before", "after"))
    wanted = after if side == "after" else before
    paths = [*begun.record.changed, *(begun.record.remade if side == "before" else ())]
    strange = [
        path
        for path, it in worktree.lying(found, paths).items()
        if it not in {before.get(path), after.get(path)} and not _is_made(found, begun, path, it)
    ]
    saved = worktree.save(found, strange)
    worktree.turn(found, {path: wanted.get(path) for path in paths})
    return saved


def _is_made(found: Repository, begun: Journal, path: str, it: Bytes) -> bool:
    """Whether the file is what a command made anew after the update, and staged."""
    return path in begun.record.remade and found.lines(
        "rev-parse", "-q", "--verify", f":{found.prefix}{path}"
    ) == [blob_id(it.content)]


def _index(found: Repository, begun: Journal, side: str) -> Iterator[tuple[str, str, Entry | None]]:
    """What git's index is to hold for every path of the update; None: nothing, of any stage."""
    record = begun.record
    unmerged = {path for path, *_ in record.stages}
    remade = record.remade if side == "before" else ()
    touched = {*record.changed, *remade, *unmerged}
    for path in touched:
        yield path, "0", None
    if side == "after":
        for path, stage, mode, blob in (*record.staged, *record.stages):
            if stage != "0" or path not in unmerged:
                yield path, stage, Entry(mode, blob)
        return
    at_head = found.files()
    for path in touched & set(at_head):
        yield path, "0", at_head[path]

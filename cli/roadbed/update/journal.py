"""The journal of an update, with which the update can be finished or undone at any moment.

The journal holds the old and the new bytes of every file that the update writes, as git objects.
One reference for each work tree names the latest journal. The reference is overwritten and never
removed: removing one locks all references, and a killed process would leave that lock behind.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from roadbed.errors import Exit, UsageError
from roadbed.git.objects import Entry, Store, blob_id, parse_tree
from roadbed.git.repository import Repository, current_branch
from roadbed.git.worktree import FileContent, checked_out_files, read_files
from roadbed.service.interruption import MARKER, WAYS_OUT
from roadbed.update.merge import Stage

WRITING, WRITTEN, UNDONE = "writing", "written", "undone"
_NAMED = ("-c", "user.name=Roadbed", "-c", "user.email=roadbed@localhost")


@dataclass(frozen=True)
class Record:
    """The record of an update: its state, the commit it began at, and the files it changes.

    `regenerated` are files that a command writes after the update; undoing restores them as well.
    `ending` is the exit code of a finished update. `staged` and `stages` are entries for git's
    index: path, stage, mode, blob. `report` is the report for people, kept for `--continue` because
    a killed command cannot print it. `locking` says whether to write `regenerated`.
    """

    state: str
    prefix: str
    head: str
    branch: str
    old: str
    new: str
    changed: Sequence[str]
    regenerated: Sequence[str]
    ending: int
    staged: Sequence[tuple[str, str, str, str]]
    stages: Sequence[tuple[str, str, str, str]]
    report: Sequence[str] = ()
    locking: bool = True


@dataclass(frozen=True)
class Journal:
    """The latest update of a work tree, as its reference holds it."""

    commit: str
    record: Record

    def files(self, repository: Repository, side: str) -> dict[str, FileContent]:
        """Return the work tree's files on one side, `before` or `after`, by path in the service."""
        tree = repository.git("ls-tree", "-r", "-z", "--full-tree", self.commit)
        entries = {
            path.removeprefix(f"{side}/"): entry
            for path, entry in parse_tree(tree).items()
            if path.startswith(f"{side}/")
        }
        texts = Store(repository.git_dir).read(entry.blob for entry in entries.values())
        return {path: FileContent(entry.mode, texts[entry.blob]) for path, entry in entries.items()}


@dataclass(frozen=True)
class PendingUpdate:
    """An update to write: `after` holds the files by path (None: remove), `stages` the conflicts.

    `regenerated` are files that a command writes after the update; without `locking` that command
    does not run. `ending` is the exit code of the written update, `report` the report for people.
    """

    old: str
    new: str
    after: Mapping[str, Entry | None]
    stages: tuple[Stage, ...]
    regenerated: tuple[str, ...] = ()
    ending: Exit = Exit.FINE
    report: tuple[str, ...] = ()
    locking: bool = True


def _reference(repository: Repository) -> str:
    """Return the name of this work tree's reference; other work trees share the references.

    The name depends on the place within the repository, because the repository may be moved.
    """
    place = os.path.relpath(repository.git_dir, repository.objects.parent)
    name = hashlib.sha256(f"{place}\0{repository.prefix}".encode()).hexdigest()[:16]
    return f"refs/roadbed/{name}"


def lock_file(repository: Repository) -> Path:
    """Return the lock file that a killed git leaves behind while it writes the reference."""
    where = ("--path-format=absolute", "--git-path", f"{_reference(repository)}.lock")
    return Path(repository.lines("rev-parse", *where)[0])


def marker_file(repository: Repository) -> Path:
    """Return the untracked file that shows an unfinished update in `git status`."""
    return repository.folder / MARKER


def latest(repository: Repository) -> Journal | None:
    """Return the latest update of this work tree in any state, or None."""
    printed = repository.lines("rev-parse", "--quiet", "--verify", _reference(repository))
    if not printed:
        return None
    text = repository.git("log", "-1", "--format=%B", printed[0])
    return Journal(printed[0], Record(**json.loads(text)))


def require_none(repository: Repository) -> None:
    """Raise UsageError while an update of this work tree is neither committed nor undone."""
    last = latest(repository)
    if last and (last.record.state == WRITING or marker_file(repository).exists()):
        raise UsageError(
            f"An update to {last.record.new} was interrupted in {repository.folder}: {WAYS_OUT}."
        )
    if last and last.record.state == WRITTEN and last.record.head == repository.head:
        _require_committed(repository, last.record)


def _require_committed(repository: Repository, record: Record) -> None:
    status = ("--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--", ".")
    if repository.git(*status):
        raise UsageError(
            f"The update to {record.new} in {repository.folder} is not committed: resolve the "
            "files that `git status` lists as unmerged, `git add` them and commit, or undo the "
            "update with `roadbed update --abort`."
        )


def begin(repository: Repository, pending: PendingUpdate, store: Store) -> Journal:
    """Store the old and the new files of the update; from then on the update is unfinished."""
    staged = {path: entry for path, entry in pending.after.items() if entry}
    record = Record(
        WRITING,
        repository.prefix,
        repository.head,
        current_branch(repository),
        pending.old,
        pending.new,
        sorted(pending.after),
        sorted(pending.regenerated),
        int(pending.ending),
        tuple((path, "0", *entry) for path, entry in staged.items()),
        tuple((stage.path, stage.number, *stage.entry) for stage in pending.stages),
        pending.report,
        pending.locking,
    )
    before = read_files(repository, (*pending.after, *pending.regenerated))
    after = checked_out_files(repository, staged, store)
    known = {entry.blob for entry in (*repository.files().values(), *staged.values())}
    tree = store.write_tree(
        {
            **dict(_kept(store, "before", before, known)),
            **dict(_kept(store, "after", after, known)),
            **{f"staged/{number}": entry for number, entry in enumerate(staged.values())},
            **{f"stages/{number}": stage.entry for number, stage in enumerate(pending.stages)},
        }
    )
    return _recorded(repository, store, tree, record)


def _kept(
    store: Store, side: str, files: Mapping[str, FileContent], known: set[str]
) -> Iterator[tuple[str, Entry]]:
    """Yield entries of the files' exact bytes, without git's filters."""
    for path, file in files.items():
        blob = blob_id(file.content)
        if blob not in known:
            store.write_blob(file.content)
        yield f"{side}/{path}", Entry(file.mode, blob)


def _recorded(repository: Repository, store: Store, tree: str, record: Record) -> Journal:
    commit = store.write_commit(tree, message=json.dumps(asdict(record)))
    pack = store.run("pack-objects", "--quiet", "--revs", "--stdout", stdin=commit.encode())
    repository.git("unpack-objects", "-q", stdin=pack)
    last = latest(repository)
    repository.git("update-ref", _reference(repository), commit, last.commit if last else "0" * 40)
    return Journal(commit, record)


def with_state(repository: Repository, journal: Journal, state: str) -> Journal:
    """Store the journal with another state, and return it."""
    record = replace(journal.record, state=state)
    tree = f"{journal.commit}^{{tree}}"
    printed = repository.git(*_NAMED, "commit-tree", tree, "-m", json.dumps(asdict(record)))
    commit = printed.decode().strip()
    repository.git("update-ref", _reference(repository), commit, journal.commit)
    return Journal(commit, record)

"""What an update is going to change, kept so that it can be finished or taken back at any moment.

Everything that will be written, and everything that it replaces, is kept as git objects, byte for
byte. One reference for each work tree names the latest journal. It is only ever overwritten:
removing a reference takes a lock on all of them, which a killed process would leave to the user.
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
    """What is known of an update: the state it is in, where it began, and what it changes.

    `report` is the report for people, which a command that is killed cannot print any more, and
    `locking` whether it was to write `regenerated` again.

    `regenerated` are files that a command writes afterwards; undoing brings them back as well.
    `ending` is the exit code that finishing it means. `staged` and `stages` are what git's index is
    to hold: path, stage, mode, blob.
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
        """What lies in the work tree on one side, `before` or `after`, by path in the service."""
        tree = repository.git("ls-tree", "-r", "-z", "--full-tree", self.commit)
        entries = {
            path.removeprefix(f"{side}/"): entry
            for path, entry in parse_tree(tree).items()
            if path.startswith(f"{side}/")
        }
        texts = Store(repository.git_dir).read(entry.blob for entry in entries.values())
        return {path: FileContent(it.mode, texts[it.blob]) for path, it in entries.items()}


@dataclass(frozen=True)
class PendingUpdate:
    """What an update is to write: `after` (None: gone) by path, and what stays unmerged.

    `regenerated` are files that a command writes after the update; `ending` is the exit
    code that writing it means, `report` the report for people, and without `locking` no command is
    run.
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
    """Where the journal of this work tree is found; other work trees share the references.

    It is named by the place in the repository, because the repository itself may be moved.
    """
    place = os.path.relpath(repository.git_dir, repository.objects.parent)
    name = hashlib.sha256(f"{place}\0{repository.prefix}".encode()).hexdigest()[:16]
    return f"refs/roadbed/{name}"


def lock_file(repository: Repository) -> Path:
    """The lock file that git leaves when it is killed while it writes the reference."""
    where = ("--path-format=absolute", "--git-path", f"{_reference(repository)}.lock")
    return Path(repository.lines("rev-parse", *where)[0])


def marker_file(repository: Repository) -> Path:
    """The file by which `git status` says that an update is under way."""
    return repository.folder / MARKER


def latest(repository: Repository) -> Journal | None:
    """The latest update of this work tree, whatever became of it."""
    printed = repository.lines("rev-parse", "--quiet", "--verify", _reference(repository))
    if not printed:
        return None
    text = repository.git("log", "-1", "--format=%B", printed[0])
    return Journal(printed[0], Record(**json.loads(text)))


def require_none(repository: Repository) -> None:
    """Raise UsageError while an update of this work tree was neither finished nor undone."""
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
            f"The update to {record.new} waits in {repository.folder} for your commit: settle what "
            "`git status` calls unmerged, `git add` it and commit, or undo the update with "
            "`roadbed update --abort`."
        )


def begin(repository: Repository, pending: PendingUpdate, store: Store) -> Journal:
    """Keep what the draft writes and what it replaces; from then on the update is under way."""
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
        tuple((it.path, it.number, *it.entry) for it in pending.stages),
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
            **{f"stages/{number}": it.entry for number, it in enumerate(pending.stages)},
        }
    )
    return _recorded(repository, store, tree, record)


def _kept(
    store: Store, side: str, files: Mapping[str, FileContent], known: set[str]
) -> Iterator[tuple[str, Entry]]:
    """Entries of the files' bytes as they lie there, whatever git's filters would make of them."""
    for path, it in files.items():
        blob = blob_id(it.content)
        if blob not in known:
            store.write_blob(it.content)
        yield f"{side}/{path}", Entry(it.mode, blob)


def _recorded(repository: Repository, store: Store, tree: str, record: Record) -> Journal:
    commit = store.write_commit(tree, message=json.dumps(asdict(record)))
    pack = store.run("pack-objects", "--quiet", "--revs", "--stdout", stdin=commit.encode())
    repository.git("unpack-objects", "-q", stdin=pack)
    last = latest(repository)
    repository.git("update-ref", _reference(repository), commit, last.commit if last else "0" * 40)
    return Journal(commit, record)


def with_state(repository: Repository, journal: Journal, state: str) -> Journal:
    """The journal with another state, as its reference now holds it."""
    record = replace(journal.record, state=state)
    tree = f"{journal.commit}^{{tree}}"
    printed = repository.git(*_NAMED, "commit-tree", tree, "-m", json.dumps(asdict(record)))
    commit = printed.decode().strip()
    repository.git("update-ref", _reference(repository), commit, journal.commit)
    return Journal(commit, record)

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
from roadbed.git import repository, worktree
from roadbed.git.objects import Entry, Store, blob_id, parse_tree
from roadbed.git.repository import Repository
from roadbed.git.worktree import Bytes
from roadbed.service.interruption import MARKER, WAYS_OUT
from roadbed.update.merge import Stage

WRITING, WRITTEN, TAKEN_BACK = "writing", "written", "taken back"
_NAMED = ("-c", "user.name=Roadbed", "-c", "user.email=roadbed@localhost")


@dataclass(frozen=True)
class Record:
    """What is known of an update: the state it is in, where it began, and what it changes.

    `told` is the report for people, which a command that is killed cannot print any more, and
    `locking` whether it was to make `remade` anew.

    `remade` are files that a command makes anew afterwards; undoing brings them back as well.
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
    remade: Sequence[str]
    ending: int
    staged: Sequence[tuple[str, str, str, str]]
    stages: Sequence[tuple[str, str, str, str]]
    told: Sequence[str] = ()
    locking: bool = True


@dataclass(frozen=True)
class Journal:
    """The latest update of a work tree, as its reference holds it."""

    commit: str
    record: Record

    def files(self, found: Repository, side: str) -> dict[str, Bytes]:
        """What lies in the work tree on one side, `before` or `after`, by path in the service."""
        tree = found.git("ls-tree", "-r", "-z", "--full-tree", self.commit)
        entries = {
            path.removeprefix(f"{side}/"): entry
            for path, entry in parse_tree(tree).items()
            if path.startswith(f"{side}/")
        }
        texts = Store(found.git_dir).read(entry.blob for entry in entries.values())
        return {path: Bytes(it.mode, texts[it.blob]) for path, it in entries.items()}


@dataclass(frozen=True)
class Draft:
    """What an update is to write: `after` (None: gone) by path, and what stays unmerged.

    `remade` are files that a command will make anew once it is written; `ending` is the exit code
    that writing it means, `told` the report for people, and without `locking` no command is run.
    """

    old: str
    new: str
    after: Mapping[str, Entry | None]
    stages: tuple[Stage, ...]
    remade: tuple[str, ...] = ()
    ending: Exit = Exit.FINE
    told: tuple[str, ...] = ()
    locking: bool = True


def _reference(found: Repository) -> str:
    """Where the journal of this work tree is found; other work trees share the references.

    It is named by the place in the repository, because the repository itself may be moved.
    """
    place = os.path.relpath(found.git_dir, found.objects.parent)
    name = hashlib.sha256(f"{place}\0{found.prefix}".encode()).hexdigest()[:16]
    return f"refs/roadbed/{name}"


def lock(found: Repository) -> Path:
    """The lock file that git leaves when it is killed while it writes the reference."""
    where = ("--path-format=absolute", "--git-path", f"{_reference(found)}.lock")
    return Path(found.lines("rev-parse", *where)[0])


def marker(found: Repository) -> Path:
    """The file by which `git status` says that an update is under way."""
    return found.folder / MARKER


def latest(found: Repository) -> Journal | None:
    """The latest update of this work tree, whatever became of it."""
    said = found.lines("rev-parse", "--quiet", "--verify", _reference(found))
    if not said:
        return None
    text = found.git("log", "-1", "--format=%B", said[0])
    return Journal(said[0], Record(**json.loads(text)))


def require_none(found: Repository) -> None:
    """Raise UsageError while an update of this work tree was neither finished nor undone."""
    last = latest(found)
    if last and (last.record.state == WRITING or marker(found).exists()):
        raise UsageError(
            f"An update to {last.record.new} was interrupted in {found.folder}: {WAYS_OUT}."
        )
    if last and last.record.state == WRITTEN and last.record.head == found.head:
        _require_committed(found, last.record)


def _require_committed(found: Repository, record: Record) -> None:
    status = ("--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--", ".")
    if found.git(*status):
        raise UsageError(
            f"The update to {record.new} waits in {found.folder} for your commit: settle what "
            "`git status` calls unmerged, `git add` it and commit, or undo the update with "
            "`roadbed update --abort`."
        )


def begin(found: Repository, draft: Draft, store: Store) -> Journal:
    """Keep what the draft writes and what it replaces; from then on the update is under way."""
    staged = {path: entry for path, entry in draft.after.items() if entry}
    record = Record(
        WRITING,
        found.prefix,
        found.head,
        repository.branch(found),
        draft.old,
        draft.new,
        sorted(draft.after),
        sorted(draft.remade),
        int(draft.ending),
        tuple((path, "0", *entry) for path, entry in staged.items()),
        tuple((it.path, it.number, *it.entry) for it in draft.stages),
        draft.told,
        draft.locking,
    )
    before = worktree.lying(found, (*draft.after, *draft.remade))
    after = worktree.checked_out(found, staged, store)
    known = {entry.blob for entry in (*found.files().values(), *staged.values())}
    tree = store.write_tree(
        {
            **dict(_kept(store, "before", before, known)),
            **dict(_kept(store, "after", after, known)),
            **{f"staged/{number}": entry for number, entry in enumerate(staged.values())},
            **{f"stages/{number}": it.entry for number, it in enumerate(draft.stages)},
        }
    )
    return _recorded(found, store, tree, record)


def _kept(
    store: Store, side: str, files: Mapping[str, Bytes], known: set[str]
) -> Iterator[tuple[str, Entry]]:
    """Entries of the files' bytes as they lie there, whatever git's filters would make of them."""
    for path, it in files.items():
        blob = blob_id(it.content)
        if blob not in known:
            store.write_blob(it.content)
        yield f"{side}/{path}", Entry(it.mode, blob)


def _recorded(found: Repository, store: Store, tree: str, record: Record) -> Journal:
    commit = store.write_commit(tree, message=json.dumps(asdict(record)))
    pack = store.run("pack-objects", "--quiet", "--revs", "--stdout", stdin=commit.encode())
    found.git("unpack-objects", "-q", stdin=pack)
    last = latest(found)
    found.git("update-ref", _reference(found), commit, last.commit if last else "0" * 40)
    return Journal(commit, record)


def noted(found: Repository, journal: Journal, state: str) -> Journal:
    """The journal with another state, as its reference now holds it."""
    record = replace(journal.record, state=state)
    tree = f"{journal.commit}^{{tree}}"
    said = found.git(*_NAMED, "commit-tree", tree, "-m", json.dumps(asdict(record)))
    commit = said.decode().strip()
    found.git("update-ref", _reference(found), commit, journal.commit)
    return Journal(commit, record)

"""Writing an update so that it can be finished or taken back whenever it was cut short.

HEAD never moves. Everything that will be written, and everything that it replaces, is kept as git
objects first, byte for byte; from then on `go_on` ends in the new state and `take_back` in the old
one, however often either is begun. Writing a work tree is many steps and cannot be one, so while
they last an untracked file says so in `git status`.

One reference for each work tree names the latest journal. It is only ever overwritten: removing a
reference takes a lock on all of them, which a killed process would leave to the user.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import filelock

from roadbed import repository, staging, worktree
from roadbed.errors import CouldNotRunError, UsageError
from roadbed.manifest import blob_id
from roadbed.merge import Stage
from roadbed.objects import Entry, Store, parse_tree
from roadbed.repository import Repository
from roadbed.worktree import Bytes

MARKER = "ROADBED UPDATE INTERRUPTED - type roadbed update --continue or --abort"
WRITING, WRITTEN, TAKEN_BACK = "writing", "written", "taken back"
_WAYS_OUT = "finish it with `roadbed update --continue`, or undo it with `roadbed update --abort`"
_NAMED = ("-c", "user.name=Roadbed", "-c", "user.email=roadbed@localhost")


@dataclass(frozen=True)
class Record:
    """What is known of an update: the state it is in, where it began, and what it changes.

    `remade` are files that a command makes anew afterwards; undoing brings them back as well.
    `staged` and `stages` are what git's index is to hold: path, stage, mode, blob.
    """

    state: str
    prefix: str
    head: str
    branch: str
    old: str
    new: str
    changed: Sequence[str]
    remade: Sequence[str]
    staged: Sequence[tuple[str, str, str, str]]
    stages: Sequence[tuple[str, str, str, str]]


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

    `remade` are files that a command will make anew once it is written.
    """

    old: str
    new: str
    after: Mapping[str, Entry | None]
    stages: tuple[Stage, ...]
    remade: tuple[str, ...] = ()


def _reference(found: Repository) -> str:
    """Where the journal of this work tree is found; other work trees share the references."""
    name = f"{found.git_dir}\0{found.prefix}".encode()
    return f"refs/roadbed/{hashlib.sha256(name).hexdigest()[:16]}"


def _reference_lock(found: Repository) -> Path:
    where = ("--path-format=absolute", "--git-path", f"{_reference(found)}.lock")
    return Path(found.lines("rev-parse", *where)[0])


def latest(found: Repository) -> Journal | None:
    """The latest update of this work tree, whatever became of it."""
    said = found.lines("rev-parse", "--quiet", "--verify", _reference(found))
    if not said:
        return None
    text = found.git("log", "-1", "--format=%B", said[0])
    return Journal(said[0], Record(**json.loads(text)))


@contextmanager
def alone(found: Repository) -> Iterator[None]:
    """Hold the work tree's lock; raises CouldNotRunError while another process has it.

    The system drops the lock when its holder dies, so what a dead one left behind is cleared.
    """
    try:
        found.room.mkdir(exist_ok=True)
        with filelock.FileLock(found.room / "lock", timeout=0):
            staging.clear(found)
            _reference_lock(found).unlink(missing_ok=True)
            yield
    except filelock.Timeout as error:
        raise CouldNotRunError(
            f"Another update is being written in {found.folder}: wait until it has ended."
        ) from error
    except OSError as error:
        raise CouldNotRunError(
            f"{found.room} cannot be written ({(error.strerror or '').lower()}): make it "
            "writable, and run the same command again."
        ) from error


def require_none(found: Repository) -> None:
    """Raise UsageError while an update of this work tree was neither finished nor undone."""
    last = latest(found)
    if last and last.record.state == WRITING:
        raise UsageError(
            f"An update to {last.record.new} was interrupted in {found.folder}: {_WAYS_OUT}."
        )


def write(found: Repository, draft: Draft, store: Store) -> list[Path]:
    """Write an update of which `store` holds the objects; returns where edits were saved, if any.

    Raises UsageError when another update is unfinished or HEAD has moved meanwhile.
    """
    with alone(found):
        require_none(found)
        staging.require_free(found)
        journal = _begin(found, draft, store)
        return _finish(found, journal, "after", WRITTEN)


def go_on(found: Repository) -> tuple[Journal, list[Path]]:
    """End an interrupted update in its new state."""
    with alone(found):
        last = latest(found)
        if last and last.record.state != WRITING and _marker(found).exists():
            _marker(found).unlink()
            return last, []
        if last is None or last.record.state != WRITING:
            raise UsageError(f"No update was interrupted in {found.folder}: nothing to continue.")
        _require_same_place(found, last)
        return last, _finish(found, last, "after", WRITTEN)


def take_back(found: Repository) -> tuple[Journal, list[Path]]:
    """Undo the latest update, interrupted or not, as long as it is not committed."""
    with alone(found):
        last = latest(found)
        if last is None or last.record.state == TAKEN_BACK:
            raise UsageError(f"There is no update to undo in {found.folder}.")
        _require_same_place(found, last)
        begun = _noted(found, last, WRITING)  # what is undone half-way is unfinished again
        return last, _finish(found, begun, "before", TAKEN_BACK)


def _require_same_place(found: Repository, last: Journal) -> None:
    record = last.record
    if found.head != record.head:
        raise UsageError(
            f"The update to {record.new} began at commit {record.head[:10]}, and something was "
            "committed since: it is part of your history now, so use git to undo it."
        )
    if repository.branch(found) != record.branch:
        branch = record.branch.removeprefix("refs/heads/")
        raise UsageError(
            f"The update to {record.new} began on branch {branch}: go back to it with "
            f"`git switch {branch}`, and run the same command again."
        )


def _begin(found: Repository, draft: Draft, store: Store) -> Journal:
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
        tuple((path, "0", *entry) for path, entry in staged.items()),
        tuple((it.path, it.number, *it.entry) for it in draft.stages),
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


def _noted(found: Repository, journal: Journal, state: str) -> Journal:
    """The journal with another state, as its reference now holds it."""
    record = replace(journal.record, state=state)
    tree = f"{journal.commit}^{{tree}}"
    said = found.git(*_NAMED, "commit-tree", tree, "-m", json.dumps(asdict(record)))
    commit = said.decode().strip()
    found.git("update-ref", _reference(found), commit, journal.commit)
    return Journal(commit, record)


def _finish(found: Repository, journal: Journal, side: str, state: str) -> list[Path]:
    staging.require_free(found)
    _marker(found).touch()
    saved = _write_files(found, journal, side)
    staging.write(found, _index(found, journal, side))
    _noted(found, journal, state)
    _marker(found).unlink()
    return saved


def _marker(found: Repository) -> Path:
    return found.folder / MARKER


def _write_files(found: Repository, journal: Journal, side: str) -> list[Path]:
    before, after = (journal.files(found, name) for name in ("before", "after"))
    wanted = after if side == "after" else before
    lying = worktree.lying(found, journal.record.changed)
    strange = [path for path, it in lying.items() if it not in {before.get(path), after.get(path)}]
    saved = worktree.save(found, strange)
    remade = journal.record.remade if side == "before" else ()
    worktree.turn(found, {path: wanted.get(path) for path in (*journal.record.changed, *remade)})
    return saved


def _index(
    found: Repository, journal: Journal, side: str
) -> Iterator[tuple[str, str, Entry | None]]:
    """What git's index is to hold for every path of the update; None: nothing, of any stage."""
    record = journal.record
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

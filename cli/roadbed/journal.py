"""Writing an update so that it can be finished or taken back whenever it was cut short.

HEAD never moves. Everything that will be written, and everything that it replaces, is kept as git
objects first, under a reference of the work tree's own; from then on `go_on` ends in the new state
and `take_back` in the old one, byte for byte, however often either is begun. Writing a work tree
is many steps and cannot be one, so while they last an untracked file says so in `git status`.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import filelock

from roadbed import git, worktree
from roadbed.errors import CouldNotRunError, UsageError
from roadbed.merge import Stage
from roadbed.objects import Entry, Store, index_lines, parse_tree
from roadbed.repository import Repository
from roadbed.worktree import Bytes

REFERENCE = "refs/worktree/roadbed/update"
MARKER = "ROADBED UPDATE INTERRUPTED - type roadbed update --continue or --abort"
WRITING, WRITTEN, TAKEN_BACK = "writing", "written", "taken back"
_WAYS_OUT = "finish it with `roadbed update --continue`, or undo it with `roadbed update --abort`"


@dataclass(frozen=True)
class Record:
    """What is known of an update: the state it is in, the commit it began from, what it changes.

    `remade` are files that a command makes anew afterwards; undoing brings them back as well.
    """

    state: str
    prefix: str
    head: str
    old: str
    new: str
    changed: Sequence[str]
    remade: Sequence[str]
    stages: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True)
class Journal:
    """The latest update of a work tree, as its reference holds it."""

    commit: str
    record: Record

    def files(self, found: Repository, side: str) -> dict[str, Entry]:
        """The files of one side, `before` or `after`, by their path in the service."""
        try:
            tree = f"{self.commit}:{side}"
            return parse_tree(found.git("ls-tree", "-r", "-z", "--full-tree", tree))
        except git.GitError:  # an empty side is not in the tree
            return {}


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


def latest(found: Repository) -> Journal | None:
    """The latest update of this work tree, whatever became of it."""
    asked = ("rev-parse", "--quiet", "--verify", REFERENCE)
    commit = git.output(*asked, cwd=found.folder, fine={0, 1}).decode().strip()
    if not commit:
        return None
    text = found.git("log", "-1", "--format=%B", commit)
    return Journal(commit, Record(**json.loads(text)))


@contextmanager
def alone(found: Repository) -> Iterator[None]:
    """Hold the work tree's lock; raises CouldNotRunError while another process has it.

    The system drops the lock when its holder dies, so what a dead one left behind is cleared.
    """
    try:
        found.room.mkdir(exist_ok=True)
        with filelock.FileLock(found.room / "lock", timeout=0):
            for stale in [*found.room.glob("index*"), found.git_dir / f"{REFERENCE}.lock"]:
                stale.unlink(missing_ok=True)
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

    Raises UsageError when another update is unfinished or began at the same time.
    """
    with alone(found):
        require_none(found)
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
        _require_same_head(found, last)
        return last, _finish(found, last, "after", WRITTEN)


def take_back(found: Repository) -> tuple[Journal, list[Path]]:
    """Undo the latest update, interrupted or not, as long as it is not committed."""
    with alone(found):
        last = latest(found)
        if last is None or last.record.state == TAKEN_BACK:
            raise UsageError(f"There is no update to undo in {found.folder}.")
        _require_same_head(found, last)
        begun = _noted(found, last, WRITING)  # what is undone half-way is unfinished again
        return last, _finish(found, begun, "before", TAKEN_BACK)


def _require_same_head(found: Repository, last: Journal) -> None:
    if (found.head, found.prefix) != (last.record.head, last.record.prefix):
        raise UsageError(
            f"The update to {last.record.new} began at commit {last.record.head[:10]} in "
            f"{last.record.prefix or 'the root'}, and something was committed since: it is part "
            "of your history now, so use git to undo it."
        )


def _begin(found: Repository, draft: Draft, store: Store) -> Journal:
    record = Record(
        WRITING,
        found.prefix,
        found.head,
        draft.old,
        draft.new,
        sorted(draft.after),
        sorted(draft.remade),
        tuple((it.path, it.number, *it.entry) for it in draft.stages),
    )
    before = {f"before/{path}": entry for path, entry in _kept(found, draft, store).items()}
    after = {f"after/{path}": entry for path, entry in draft.after.items() if entry}
    stages = {f"stages/{number}": it.entry for number, it in enumerate(draft.stages)}
    tree = store.write_tree({**before, **after, **stages})
    commit = store.write_commit(tree, message=json.dumps(asdict(record)))
    pack = store.run("pack-objects", "--quiet", "--revs", "--stdout", stdin=commit.encode())
    found.git("unpack-objects", "-q", stdin=pack)
    last = latest(found)
    found.git("update-ref", REFERENCE, commit, last.commit if last else "0" * 40)
    return Journal(commit, record)


def _kept(found: Repository, draft: Draft, store: Store) -> dict[str, Entry]:
    """What lies in the work tree now, byte for byte, whatever git's filters would make of it."""
    paths = {*draft.after, *draft.remade}
    lying = {path: worktree.read(found.folder / path) for path in paths}
    return {path: Entry(it.mode, store.write_blob(it.content)) for path, it in lying.items() if it}


def _finish(found: Repository, journal: Journal, side: str, state: str) -> list[Path]:
    _require_index_free(found)
    _marker(found).touch()
    saved = _write_files(found, journal, side)
    _write_index(found, journal, side)
    _noted(found, journal, state)
    _marker(found).unlink()
    return saved


def _noted(found: Repository, journal: Journal, state: str) -> Journal:
    """The journal with another state, as its reference now holds it."""
    record = replace(journal.record, state=state)
    tree = f"{journal.commit}^{{tree}}"
    named = ("-c", "user.name=Roadbed", "-c", "user.email=roadbed@localhost")
    said = found.git(*named, "commit-tree", tree, "-m", json.dumps(asdict(record)))
    commit = said.decode().strip()
    found.git("update-ref", REFERENCE, commit, journal.commit)
    return Journal(commit, record)


def _marker(found: Repository) -> Path:
    return found.folder / MARKER


def _require_index_free(found: Repository) -> None:
    lock = found.git_dir / "index.lock"
    if lock.exists():
        raise CouldNotRunError(
            f"Another git command is at work ({lock} exists): wait for it, or remove the file if "
            "that command was killed, and run the same command again."
        )


def _write_files(found: Repository, journal: Journal, side: str) -> list[Path]:
    before = _raw(found, journal.files(found, "before"))
    after = worktree.contents(found, journal.files(found, "after"))
    wanted = after if side == "after" else before
    paths = [*journal.record.changed, *(journal.record.remade if side == "before" else ())]
    lying = {path: worktree.read(found.folder / path) for path in paths}
    saved = _save(found, journal, {path: it for path, it in lying.items() if it}, (before, after))
    for path in paths:  # deletions first: a file may stand where a folder is to come
        worktree.drafted(found.folder / path).unlink(missing_ok=True)
        if path not in wanted:
            worktree.replace(found.folder, path, None)
    for path in paths:
        if path in wanted and lying[path] != wanted[path]:
            worktree.replace(found.folder, path, wanted[path])
    return saved


def _save(
    found: Repository,
    journal: Journal,
    lying: Mapping[str, Bytes],
    known: Sequence[Mapping[str, Bytes]],
) -> list[Path]:
    """Save what is on neither side: somebody's work since the update began."""
    strange = [
        path
        for path, it in lying.items()
        if path in journal.record.changed and all(it != side.get(path) for side in known)
    ]
    room = found.room / "saved" / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    worktree.save(found, strange, room)
    return [room / path for path in strange]


def _raw(found: Repository, entries: Mapping[str, Entry]) -> dict[str, Bytes]:
    texts = Store(found.git_dir).read(entry.blob for entry in entries.values())
    return {path: Bytes(it.mode, texts[it.blob]) for path, it in entries.items()}


def _write_index(found: Repository, journal: Journal, side: str) -> None:
    """Stage the files beside the index, and move the result over it in one step."""
    draft = found.room / "index"
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(found.git_dir / "index", draft)
    env = {"GIT_INDEX_FILE": str(draft)}
    lines = index_lines(_staged(found, journal, side))
    root = git.run("rev-parse", "--show-toplevel", cwd=found.folder)
    update = ("update-index", "-z", "--index-info")
    git.output(*update, cwd=Path(root), env=env, stdin=lines)
    refresh = ("update-index", "-q", "--refresh")
    git.output(*refresh, cwd=Path(root), env=env, fine={0, 1})
    draft.replace(found.git_dir / "index")


def _staged(
    found: Repository, journal: Journal, side: str
) -> Iterator[tuple[str, str, Entry | None]]:
    record = journal.record
    unmerged = {path for path, *_ in record.stages} if side == "after" else set()
    entries = journal.files(found, "after") if side == "after" else found.files()
    remade = record.remade if side == "before" else ()
    for path in {*record.changed, *remade, *(path for path, *_ in record.stages)}:
        yield f"{record.prefix}{path}", "0", None  # whatever is there, all stages of it
        if path in entries and path not in unmerged:
            yield f"{record.prefix}{path}", "0", entries[path]
    for path, number, mode, blob in record.stages if side == "after" else ():
        yield f"{record.prefix}{path}", number, Entry(mode, blob)

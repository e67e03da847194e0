"""The three-way merge of an update: git's merge-ort on three synthetic commits.

Base is what the recorded version gave to the service, theirs what the new one gives, ours what the
team made of it. Only the platform's files take part (managed and merged); the team's own and its
seeds are left out, so that no merge can change them.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from roadbed.errors import UsageError
from roadbed.git.objects import Entry, Store, parse_stages
from roadbed.service.answers import ANSWERS_FILE
from roadbed.service.ownership import OWN, OWNERSHIP_FILE
from roadbed.template.files import Rendered

MANAGED, MERGED = "managed", "merged"
YOURS = "yours"
_SETTINGS = ("-c", "merge.directoryRenames=true")


@dataclass(frozen=True)
class Stage:
    """An unmerged entry of git's index: number 1 is the base, 2 the team's, 3 the template's."""

    path: str
    number: str
    entry: Entry


@dataclass(frozen=True)
class Message:
    """What merge-ort says about some paths, as `CONFLICT (contents)` or `Auto-merging`."""

    paths: tuple[str, ...]
    kind: str
    text: str


@dataclass(frozen=True)
class Merged:
    """The service after the merge: all of its files, and what could not be merged.

    Some conflicts have no stages, as a file that would have to move and cannot: `clean` tells.
    """

    clean: bool
    after: Mapping[str, Entry]
    stages: tuple[Stage, ...]
    messages: tuple[Message, ...]

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The paths that need a person."""
        return tuple(sorted({stage.path for stage in self.stages}))


@dataclass(frozen=True)
class Sides:
    """What is merged: the service's files `before`, and the `old` and the `new` version's.

    `arriving` are seeds that come with a new half, where the service has no such file; `excluded`
    are shared files that the team keeps to itself; `leftovers` are managed files of an earlier
    version that are still there, unedited.
    """

    before: Mapping[str, Entry]
    old: Rendered
    new: Rendered
    arriving: Mapping[str, Entry] = field(default_factory=dict)
    excluded: Set[str] = frozenset()
    leftovers: Mapping[str, Entry] = field(default_factory=dict)

    def is_platform(self, path: str) -> bool:
        """Whether the path takes part; a file handed to the team, or to no one, does not."""
        if path == ANSWERS_FILE or path in self.new.answers.ejected | self.excluded:
            return False
        owner = self.new.owners.classify(path)
        if owner in {MANAGED, MERGED}:
            return True
        return owner == OWN and self.old.owners.classify(path) in {MANAGED, MERGED}

    def owner(self, path: str) -> str:
        """The class of a path now, or what it was where the new version does not know it."""
        owner = self.new.owners.classify(path)
        return owner if owner != OWN else self.old.owners.classify(path)

    def base(self) -> dict[str, Entry]:
        """Return the old version's files that take part, and leftovers, which thus are removed."""
        entries = {**self.leftovers, **self.old.entries}
        return {path: entry for path, entry in entries.items() if self.is_platform(path)}

    def theirs(self) -> dict[str, Entry]:
        """The new version's files that take part."""
        return {path: it for path, it in self.new.entries.items() if self.is_platform(path)}

    def ours(self) -> dict[str, Entry]:
        """The team's: managed files that it deleted are there again, as they were.

        No own file takes part, so none is ever taken for a renamed file of the platform.
        """
        base = self.base()
        inside = folders(self.before)
        deleted = {path for path in base if path not in self.before}
        ours = {path: entry for path, entry in self.before.items() if self.is_platform(path)}
        healed = {
            path: base[path]
            for path in deleted
            if self.owner(path) == MANAGED and not in_the_way(path, self.before, inside)
        }
        return {**healed, **ours}


def merge(store: Store, sides: Sides, version: str) -> Merged:
    """Merge in `store`, which sees the objects of all sides; conflicts name the `version`.

    Raises UsageError when the outcome cannot be a folder, because a file stands in its way.
    """
    ours = sides.ours()
    base = _branch(store, "base", sides.base(), ())
    _branch(store, YOURS, ours, (base,))
    _branch(store, version, sides.theirs(), (base,))
    command = (*_SETTINGS, "merge-tree", "--write-tree", "-z", "--messages", YOURS, version)
    tree, stages, messages = _parse(store.run(*command, fine={0, 1}))
    untouched = {path: entry for path, entry in sides.before.items() if path not in ours}
    left = {**sides.arriving, **untouched}
    answers = {ANSWERS_FILE: sides.new.entries[ANSWERS_FILE]}
    after = store.entries(tree)
    _refuse_collisions(untouched, {**sides.arriving, **after})
    clean = not any(it.kind.startswith("CONFLICT") for it in messages)
    return Merged(clean, {**left, **after, **answers}, stages, messages)


def _branch(store: Store, name: str, entries: Mapping[str, Entry], parents: Iterable[str]) -> str:
    commit = store.write_commit(store.write_tree(entries), tuple(parents))
    store.run("update-ref", f"refs/heads/{name}", commit)
    return commit


def _parse(printed: bytes) -> tuple[str, tuple[Stage, ...], tuple[Message, ...]]:
    # git-merge-tree(1), OUTPUT: tree, unmerged entries, an empty field, then the messages
    head, _, messages = printed.partition(b"\0\0") if b"\0\0" in printed else (printed, b"", b"")
    tree, *unmerged = head.split(b"\0")
    stages = tuple(Stage(*found) for found in parse_stages(line for line in unmerged if line))
    return tree.decode().strip(), stages, tuple(_messages(messages))


def _messages(printed: bytes) -> Iterator[Message]:
    fields = iter(printed.decode(errors="surrogateescape").split("\0"))
    for count in fields:
        if not count.strip().isdigit():
            return
        paths = tuple(next(fields) for _ in range(int(count)))
        yield Message(paths, next(fields), next(fields).strip())


def ancestors(path: str) -> Iterator[str]:
    """The folders that a path lies in, the innermost first."""
    return (str(folder) for folder in PurePosixPath(path).parents if str(folder) != ".")


def folders(paths: Iterable[str]) -> set[str]:
    """Every folder that the paths lie in."""
    return {folder for path in paths for folder in ancestors(path)}


def in_the_way(path: str, files: Mapping[str, Entry], inside: set[str]) -> str:
    """Which of `files` (that lie `inside` those folders) keeps `path` from being one, if any."""
    return next((folder for folder in ancestors(path) if folder in files), "") or (
        path if path in inside else ""
    )


def _refuse_collisions(left: Mapping[str, Entry], after: Mapping[str, Entry]) -> None:
    inside = folders(left)
    for path in after:
        blocker = in_the_way(path, left, inside)
        if blocker:
            raise UsageError(
                f"The new version brings {path}, and {blocker} of your own is in its way: "
                f"rename yours and commit, then try again (see {OWNERSHIP_FILE})."
            )

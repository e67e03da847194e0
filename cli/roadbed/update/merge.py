"""The three-way merge of an update: git's merge-ort on three synthetic commits.

The base holds the files of the recorded version, `theirs` those of the new version, `ours` those of
the service today. Only the platform's files take part (managed and merged). The team's own files
and its seeds are left out, so that no merge can change them.
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
    """A message of merge-ort about some paths, such as `CONFLICT (contents)` or `Auto-merging`."""

    paths: tuple[str, ...]
    kind: str
    text: str


@dataclass(frozen=True)
class Merged:
    """The service after the merge: all of its files, and the conflicts.

    Some conflicts have no stages, such as a file that has to move and cannot. `clean` is False for
    these as well.
    """

    clean: bool
    after: Mapping[str, Entry]
    stages: tuple[Stage, ...]
    messages: tuple[Message, ...]

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Return the sorted paths whose conflict a developer has to resolve."""
        return tuple(sorted({stage.path for stage in self.stages}))


@dataclass(frozen=True)
class Sides:
    """The inputs of a merge: the service's files `before`, and the `old` and `new` version's.

    `arriving` are seeds of a new half that the service does not have yet. `excluded` are merged
    files that the team excluded from updates. `leftovers` are unedited managed files of an earlier
    version.
    """

    before: Mapping[str, Entry]
    old: Rendered
    new: Rendered
    arriving: Mapping[str, Entry] = field(default_factory=dict)
    excluded: Set[str] = frozenset()
    leftovers: Mapping[str, Entry] = field(default_factory=dict)

    def is_platform(self, path: str) -> bool:
        """Return whether the path takes part; ejected and excluded files do not."""
        if path == ANSWERS_FILE or path in self.new.answers.ejected | self.excluded:
            return False
        owner = self.new.owners.classify(path)
        if owner in {MANAGED, MERGED}:
            return True
        return owner == OWN and self.old.owners.classify(path) in {MANAGED, MERGED}

    def owner(self, path: str) -> str:
        """Return the class of a path in the new version, else its class in the old one."""
        owner = self.new.owners.classify(path)
        return owner if owner != OWN else self.old.owners.classify(path)

    def base(self) -> dict[str, Entry]:
        """Return the old version's files that take part, and the leftovers to remove."""
        entries = {**self.leftovers, **self.old.entries}
        return {path: entry for path, entry in entries.items() if self.is_platform(path)}

    def theirs(self) -> dict[str, Entry]:
        """Return the new version's files that take part."""
        return {path: entry for path, entry in self.new.entries.items() if self.is_platform(path)}

    def ours(self) -> dict[str, Entry]:
        """Return the service's files that take part, with deleted managed files restored.

        The team's own files are left out, so that git never takes one for a renamed file of the
        platform.
        """
        base = self.base()
        inside = folders(self.before)
        deleted = {path for path in base if path not in self.before}
        ours = {path: entry for path, entry in self.before.items() if self.is_platform(path)}
        restored = {
            path: base[path]
            for path in deleted
            if self.owner(path) == MANAGED and not in_the_way(path, self.before, inside)
        }
        return {**restored, **ours}


def merge(store: Store, sides: Sides, version: str) -> Merged:
    """Merge in `store`, which can read the objects of all sides.

    Conflict markers name the `version`.

    Raises UsageError when a file of the team's is in the way of a file of the new version.
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
    clean = not any(message.kind.startswith("CONFLICT") for message in messages)
    return Merged(clean, {**left, **after, **answers}, stages, messages)


def _branch(store: Store, name: str, entries: Mapping[str, Entry], parents: Iterable[str]) -> str:
    commit = store.write_commit(store.write_tree(entries), tuple(parents))
    store.run("update-ref", f"refs/heads/{name}", commit)
    return commit


def _parse(printed: bytes) -> tuple[str, tuple[Stage, ...], tuple[Message, ...]]:
    # git-merge-tree(1), OUTPUT: tree, unmerged entries, an empty field, then the messages
    head, _, messages = printed.partition(b"\0\0") if b"\0\0" in printed else (printed, b"", b"")
    tree, *unmerged = head.split(b"\0")
    stages = tuple(Stage(*stage) for stage in parse_stages(line for line in unmerged if line))
    return tree.decode().strip(), stages, tuple(_messages(messages))


def _messages(printed: bytes) -> Iterator[Message]:
    fields = iter(printed.decode(errors="surrogateescape").split("\0"))
    for count in fields:
        if not count.strip().isdigit():
            return
        paths = tuple(next(fields) for _ in range(int(count)))
        yield Message(paths, next(fields), next(fields).strip())


def ancestors(path: str) -> Iterator[str]:
    """Yield the parent folders of a path, the innermost first."""
    return (str(folder) for folder in PurePosixPath(path).parents if str(folder) != ".")


def folders(paths: Iterable[str]) -> set[str]:
    """Return every parent folder of the paths."""
    return {folder for path in paths for folder in ancestors(path)}


def in_the_way(path: str, files: Mapping[str, Entry], inside: set[str]) -> str:
    """Return the path of `files` that prevents a file at `path`, or an empty string.

    `inside` are the parent folders of `files`.
    """
    return next((folder for folder in ancestors(path) if folder in files), "") or (
        path if path in inside else ""
    )


def _refuse_collisions(left: Mapping[str, Entry], after: Mapping[str, Entry]) -> None:
    inside = folders(left)
    for path in after:
        blocker = in_the_way(path, left, inside)
        if blocker:
            raise UsageError(
                f"The new version adds {path}, and your own {blocker} is in the way: "
                f"rename yours and commit, then try again (see {OWNERSHIP_FILE})."
            )

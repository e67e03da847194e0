"""The changes that an update makes to a service's files, and the edits that it would lose."""

from collections.abc import Mapping
from dataclasses import dataclass

from roadbed.git.objects import Entry, Store
from roadbed.git.worktree import read_entries
from roadbed.service.answers import ANSWERS_FILE
from roadbed.update.losses import Loss, find_losses
from roadbed.update.merge import MANAGED, Merged, Sides

LOCK = "uv.lock"


@dataclass(frozen=True)
class Change:
    """A file that an update changes: who owns it, and what happens to it."""

    path: str
    owner: str
    action: str


def written_files(sides: Sides, merged: Merged) -> dict[str, Entry | None]:
    """Return the files that the update writes, by path; None removes the file."""
    before, after = sides.before, merged.after
    paths = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    return {path: after.get(path) for path in paths}


def list_changes(
    sides: Sides, merged: Merged, changed: Mapping[str, Entry | None]
) -> tuple[Change, ...]:
    """Return every file that is written or conflicts, sorted by path."""
    paths = sorted({*changed, *merged.conflicts})
    return tuple(Change(path, sides.owner(path), _action(path, sides, merged)) for path in paths)


def _action(path: str, sides: Sides, merged: Merged) -> str:
    before, after = sides.before.get(path), merged.after.get(path)
    if path in merged.conflicts:
        return "conflict"
    edited = "diverged" if sides.owner(path) == MANAGED else "merged"
    if before is None and after != sides.new.entries.get(path, after):
        return edited  # a file that the template renamed and the team had edited
    if before is None:
        return "restored" if path in sides.old.entries else "added"
    if after is None:
        return "removed"
    if path == ANSWERS_FILE or before == sides.old.entries.get(path):
        return "changed"
    return edited


def losses_of_update(
    store: Store, sides: Sides, changed: Mapping[str, Entry | None]
) -> tuple[Loss, ...]:
    """Return the team's edits that the result of the update does not have."""
    paths = set(changed) - {ANSWERS_FILE}
    moved = set(sides.old.entries) - set(sides.before) if paths else set()
    base, before, after = (
        read_entries(store, {path: side[path] for path in wanted if side.get(path)})
        for side, wanted in (
            ({**sides.leftovers, **sides.old.entries}, paths | moved),
            (sides.before, paths),
            (changed, paths),
        )
    )
    return find_losses(base, before, after)


def regenerated_files(
    sides: Sides, merged: Merged, changed: Mapping[str, object]
) -> tuple[str, ...]:
    """Return uv.lock when a pyproject.toml changes without conflicts, else nothing."""
    projects = {path for path in changed if path.split("/")[-1] == "pyproject.toml"}
    if not projects or LOCK not in sides.before or projects & set(merged.conflicts):
        return ()
    return (LOCK,)

"""Shared files that a team keeps to itself since its repository came under a plan."""

from collections.abc import Mapping

from roadbed.git.objects import Entry, Store
from roadbed.git.repository import Repository
from roadbed.service.baseline import read_excluded
from roadbed.template.files import Rendered
from roadbed.update.merge import Sides


def excluded_paths(
    repository: Repository, before: Mapping[str, Entry], old: Rendered
) -> frozenset[str]:
    """Return the paths that the baseline excludes from updates.

    A file that is identical to the template's version `old` is merged again.
    """
    recorded = read_excluded(repository.folder)
    return frozenset(path for path in recorded if before.get(path) != old.entries.get(path))


def excluded_changes(sides: Sides, store: Store) -> dict[str, tuple[bytes, bytes]]:
    """Return both versions' contents of files that the team keeps to itself, where they differ."""
    old, new = sides.old.entries, sides.new.entries
    common = sorted(path for path in sides.excluded if path in old and path in new)
    changed = [path for path in common if old[path] != new[path]]
    texts = store.read(side[path].blob for path in changed for side in (old, new))
    return {path: (texts[old[path].blob], texts[new[path].blob]) for path in changed}

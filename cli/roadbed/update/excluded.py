"""Shared files that a team keeps to itself since its repository came under a plan."""

from collections.abc import Mapping

from roadbed.git.objects import Entry, Store
from roadbed.git.repository import Repository
from roadbed.service import baseline
from roadbed.template.files import Rendered
from roadbed.update.merge import Sides


def paths(found: Repository, before: Mapping[str, Entry], old: Rendered) -> frozenset[str]:
    """What the baseline names, but a file that is as the version `old` has it is shared again."""
    recorded = baseline.apart(found.folder)
    return frozenset(path for path in recorded if before.get(path) != old.entries.get(path))


def changes(sides: Sides, store: Store) -> dict[str, tuple[bytes, bytes]]:
    """What the two versions of an update have in files that lie apart, where they differ."""
    old, new = sides.old.entries, sides.new.entries
    common = sorted(path for path in sides.apart if path in old and path in new)
    changed = [path for path in common if old[path] != new[path]]
    texts = store.read(side[path].blob for path in changed for side in (old, new))
    return {path: (texts[old[path].blob], texts[new[path].blob]) for path in changed}

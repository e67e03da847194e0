"""`roadbed grow hybrid`: what comes with the half that a service does not have yet."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from roadbed import rendered
from roadbed.errors import UsageError
from roadbed.objects import Entry
from roadbed.ownership import Ownership
from roadbed.rendered import Wanted
from roadbed.repository import Repository

HYBRID = "hybrid"
_DOCUMENTS = (".md",)


@dataclass(frozen=True)
class Growth:
    """The seeds of the new half, and the documents that a new hybrid would begin with instead."""

    seeds: Mapping[str, Entry]
    documents: Mapping[str, bytes]


NONE = Growth({}, {})


def require_possible(plan: str, wanted: str) -> None:
    """Raise UsageError unless a service of `plan` can grow into `wanted`."""
    if wanted != HYBRID:
        raise UsageError(f"A service grows into a hybrid and into nothing else, not a {wanted!r}.")
    if plan == HYBRID:
        raise UsageError("This service is a hybrid already: there is nothing to grow.")


def of(now: Wanted, then: Wanted, before: Mapping[str, Entry], owners: Ownership) -> Growth:
    """What the answers of `then` bring beyond those of `now`, where the service has no such file.

    A seed that both would bring and the service no longer has was deleted by the team: it stays so.
    """
    small, large = rendered.whole(now), rendered.whole(then)
    new = {path: it for path, it in large.items() if path not in small and path not in before}
    seeds = {path: it for path, it in new.items() if owners.classify(path) == "seeded"}
    told = [
        path
        for path, it in large.items()
        if path.endswith(_DOCUMENTS) and path in before and small.get(path, it) != it
    ]
    texts = rendered.kept().read(large[path].blob for path in told)
    return Growth(seeds, {path: texts[large[path].blob] for path in told})


def keep(documents: Mapping[str, bytes], found: Repository) -> list[str]:
    """Write the plan's own to a folder beside; returns how to compare the team's, or take them."""
    commands = []
    for path, content in documents.items():
        place = found.room / "plan" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        there = (found.folder / path).exists()
        command = (
            ["git", "diff", "--no-index", path, str(place)] if there else ["cp", str(place), path]
        )
        commands.append(shlex.join(command))
    return commands

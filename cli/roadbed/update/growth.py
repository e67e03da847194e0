"""`roadbed grow hybrid`: the files of the half that a service does not have yet."""

from collections.abc import Mapping
from dataclasses import dataclass

from roadbed.errors import UsageError
from roadbed.git.objects import Entry
from roadbed.service.ownership import Ownership
from roadbed.template.files import RenderRequest, render_all, render_cache

HYBRID = "hybrid"
_DOCUMENTS = ("README.md", "docs/")  # written by the team: a new half adds no documents


@dataclass(frozen=True)
class Growth:
    """The seeds of the new half, and a new hybrid's versions of files that stay the team's."""

    seeds: Mapping[str, Entry]
    plan_files: Mapping[str, bytes]


NO_GROWTH = Growth({}, {})


def require_growable(plan: str, wanted: str, answers: Mapping[str, str]) -> None:
    """Raise UsageError unless a service of `plan` can grow into `wanted`, with these answers."""
    if "plan" in answers:
        raise UsageError("The plan is the first argument: leave out -d plan=….")
    if wanted != HYBRID:
        raise UsageError(
            f"A service can grow only into a hybrid, not into {wanted!r}: "
            "run `roadbed grow hybrid`."
        )
    if plan == HYBRID:
        raise UsageError("This service is a hybrid already: there is nothing to grow.")


def find_growth(
    now: RenderRequest, then: RenderRequest, before: Mapping[str, Entry], owners: Ownership
) -> Growth:
    """Return the files that the answers of `then` add to those of `now`.

    `before` are the files of the service. A seed of both plans that is missing was
    deleted by the team: do not restore it.
    """
    small, large = render_all(now), render_all(then)
    news = {
        path: entry
        for path, entry in large.items()
        if small.get(path) != entry != before.get(path) and owners.classify(path) == "seeded"
    }
    arriving = [path for path in news if path not in small and path not in before]
    seeds = {path: news[path] for path in arriving if not path.startswith(_DOCUMENTS)}
    differing = [
        path for path in news if path not in seeds and (path in before or path in arriving)
    ]
    texts = render_cache().read(large[path].blob for path in differing)
    return Growth(seeds, {path: texts[large[path].blob] for path in differing})

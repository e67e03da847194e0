"""The variants that tests render: every plan, every choice, every pair of choices."""

from collections.abc import Iterator, Mapping
from itertools import combinations, product

Answers = Mapping[str, str]

PLANS = ("django-monolith", "fastapi-service", "hybrid")

_WEB = {"web_api": ("ninja", "drf", "graphql", "none"), "tenancy": ("single", "organizations")}
_API = {"orm": ("sqlalchemy", "sqlmodel"), "api_shape": ("rest", "graphql")}
_CI = {"ci": ("github", "gitlab")}

CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "django-monolith": {**_WEB, **_CI},
    "fastapi-service": {**_API, "auth": ("oidc", "local"), **_CI},
    "hybrid": {**_WEB, **_API, **_CI},
}


def pairs(answers: Answers, plan: str, *ignored: str) -> set[frozenset[tuple[str, str]]]:
    """The pairs of choices that one variant of `plan` exercises, those about `ignored` left out."""
    asked = [question for question in CHOICES[plan] if question not in ignored]
    chosen = [(question, answers[question]) for question in asked]
    return {frozenset(pair) for pair in combinations(chosen, 2)}


def all_pairs(plan: str, *ignored: str) -> set[frozenset[tuple[str, str]]]:
    """Every pair of choices that a variant of `plan` could have."""
    every = _every_variant(plan, *ignored)
    return {pair for answers in every for pair in pairs(answers, plan, *ignored)}


def covering(plan: str, *ignored: str) -> list[dict[str, str]]:
    """A small set of variants of `plan` that covers all pairs, the default variant first; the
    questions `ignored` keep their default.

    Greedy: each further variant is the one that covers most of what is still open (the classic
    all-pairs heuristic; Cohen et al., The AETG System, 1997).
    """
    candidates = list(_every_variant(plan, *ignored))
    chosen = [candidates[0]]
    still_open = all_pairs(plan, *ignored) - pairs(candidates[0], plan, *ignored)
    while still_open:
        best = max(
            candidates, key=lambda candidate: len(pairs(candidate, plan, *ignored) & still_open)
        )
        chosen.append(best)
        still_open -= pairs(best, plan, *ignored)
    return chosen


def _every_variant(plan: str, *ignored: str) -> Iterator[dict[str, str]]:
    questions = CHOICES[plan]
    choices = [values[:1] if name in ignored else values for name, values in questions.items()]
    for values in product(*choices):
        yield {"plan": plan, **dict(zip(questions, values, strict=True))}


VARIANTS = [answers for plan in PLANS for answers in covering(plan)]


def label(answers: Answers) -> str:
    """A readable test id: the plan and the choices that differ from its default."""
    plan = answers["plan"]
    default = covering(plan)[0]
    return "-".join([plan] + [value for name, value in answers.items() if value != default[name]])

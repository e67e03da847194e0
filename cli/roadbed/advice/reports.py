"""A recommendation for people, as text or Markdown, and for machines."""

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadbed import terminal as output
from roadbed.advice.recommendation import BY_RULE, CLOSE, STRONGEST, Flip, Given, Recommendation
from roadbed.advice.rubric import PLANS, Conditional, Plan

_TODAY: dict[str, Plan] = {"django": "django-monolith", "async": "fastapi-service"}
"""Under which plan code that runs today can come as it is."""
MOST = 4  # single answers that would change it are listed up to here


@dataclass(frozen=True)
class Section:
    """A part of the report: its title, and an item a line."""

    title: str
    items: Sequence[str]


def as_text(found: Recommendation, *, explain: bool = False) -> list[str]:
    """The report for a terminal, at 80 columns."""
    lines = [*output.wrapped(f"Recommended: {title(found)}", "")]
    for section in sections(found):
        lines += ["", f"{section.title}:"]
        for item in section.items:
            lines += output.item(item)
    return [*lines, *(["", *_explained(found)] if explain else [])]


def as_markdown(found: Recommendation, *, explain: bool = False) -> list[str]:
    """The report as a page."""
    lines = [f"# Recommended: {title(found)}"]
    for section in sections(found):
        lines += ["", f"## {section.title}", "", *(f"- {item}" for item in section.items)]
    if explain:
        lines += ["", "## Every contribution", "", *table(contributions(found))]
    return lines


def as_json(found: Recommendation) -> str:
    """The report for machines; `format` changes when a key goes or means something else."""
    rubric = found.rubric
    data = {
        "format": 1,
        "rubric": rubric.version,
        "answers": found.answers,
        "plan": found.plan,
        "rival": found.rival,
        "choices": {question: choice.value for question, choice in found.choices.items()},
        "confidence": found.confidence,
        "lead": found.lead,
        "scores": dict(found.scores),
        "excluded": {plan: list(reasons) for plan, reasons in found.excluded.items()},
        "contributions": [
            {
                "criterion": it.criterion.id,
                "answer": it.option.id,
                "points": {plan: it.points(plan) for plan in PLANS},
            }
            for it in found.given
        ],
        "for": reasons(found),
        "against": objections(found),
        "changes": [_flip(it) for it in found.flips],
        "two_changes": [] if found.flips or not found.pair else list(map(_flip, found.pair)),
        "warnings": texts(found.holding(rubric.warnings)),
        "roles": texts(found.holding(rubric.roles)),
        "seniority": texts(found.holding(rubric.seniority)),
        "inconsistency": rubric.plans[found.plan].inconsistency,
        "standards": texts(found.holding(rubric.standards)),
        "first_90_days": [
            {"days": step.days, "do": step.text} for step in found.holding(rubric.steps)
        ],
        "revisit_when": texts(found.holding(rubric.triggers)),
        "figures": [{"text": it.text, "source": it.source} for it in found.holding(rubric.figures)],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def _flip(flip: Flip) -> dict[str, str]:
    given = flip.given
    return {"criterion": given.criterion.id, "answer": given.option.id, "plan": flip.plan}


def next_steps(found: Recommendation, file: Path) -> list[str]:
    """What to type after an interview whose answers are in a file; the verdict is said again."""
    path = shlex.quote(str(file))
    return [
        "",
        *output.wrapped(f"Recommended: {title(found)}", ""),
        "",
        "Next:",
        f"  roadbed advise --answers {path} --explain",
        *_adopting(found),
        f"  roadbed new ../my-service --advice {path}",
    ]


def _adopting(found: Recommendation) -> list[str]:
    """How code that runs today comes under the plan as it is, where it does."""
    today = _TODAY.get(found.answers.get("existing", ""))
    if today is None or found.plan not in {today, "hybrid"}:
        return []
    given = [
        f"-d {question}={choice.value}"
        for question, choice in found.choices.items()
        if today in choice.when.get("plan", ())
    ]
    growing = ["  roadbed grow hybrid"] if found.plan != today else []
    return [f"  roadbed adopt . {' '.join([f'-d plan={today}', *given])}", *growing]


def title(found: Recommendation) -> str:
    """The plan, how sure that is, and over what."""
    if found.confidence == BY_RULE:
        return f"{found.plan}, by rule: no other plan is left"
    if not found.lead:
        return f"{found.plan}, {found.confidence}: as many points as {found.rival}, fewer decisions"
    return f"{found.plan}, {found.confidence}: {points(found.lead)} before {found.rival}"


def points(number: int) -> str:
    """A number of points, in words."""
    return f"{number} point" if number == 1 else f"{number} points"


def sections(found: Recommendation) -> Iterator[Section]:
    """The parts of the report that have something to say."""
    rubric = found.rubric
    settles = "It is close; what would settle it" if found.confidence == CLOSE else ""
    choices = [f"{key}: {it.value}. {it.text}" for key, it in found.choices.items()]
    parts = (
        ("Choices", choices),
        ("Out of the question", excluded(found)),
        ("What speaks for it", reasons(found)),
        (f"What speaks for {found.rival}{alone(found)}", objections(found)),
        (settles or "What would change it", changes(found)),
        ("Risks", texts(found.holding(rubric.warnings))),
        ("People", people(found)),
        ("The standards that matter most", texts(found.holding(rubric.standards))),
        ("The first ninety days", days(found)),
        ("The numbers, in proportion", figures(found)),
    )
    return (Section(name, items) for name, items in parts if items)


def reasons(found: Recommendation) -> list[str]:
    """What speaks for the plan."""
    return _said(found, found.plan, found.pros)


def objections(found: Recommendation) -> list[str]:
    """What speaks for the rival."""
    return _said(found, found.rival, found.cons)


def alone(found: Recommendation) -> str:
    """A hybrid has the rival as a half."""
    return " alone" if found.plan == "hybrid" else ""


def _said(found: Recommendation, plan: Plan, given: Sequence[Given]) -> list[str]:
    """Why the answers speak for a plan; where they are few, what it has by itself too."""
    said = [it.option.argument(plan) for it in given]
    return said if len(said) == STRONGEST else [*said, found.rubric.plans[plan].reason]


def people(found: Recommendation) -> list[str]:
    """Who is needed, and how likely people are to do the same in two ways."""
    rubric = found.rubric
    needed = texts(found.holding([*rubric.roles, *rubric.seniority]))
    return [*needed, f"Risk of inconsistency: {rubric.plans[found.plan].inconsistency}"]


def excluded(found: Recommendation) -> list[str]:
    """Which plans are out of the question, why, and whether one of them had more points."""
    return [
        f"{plan} ({points(found.scores[plan])}, {found.plan} has {found.scores[found.plan]}): "
        + " ".join(reasons)
        for plan, reasons in found.excluded.items()
    ]


def changes(found: Recommendation) -> list[str]:
    """The answers that would change the plan, or that it would take two."""
    if found.flips:
        more = len(found.flips) - MOST
        rest = [f"and {more} more (--format json)"] if more > 0 else []
        return [*(f"{answer(flip)} → {flip.plan}" for flip in found.flips[:MOST]), *rest]
    if found.pair is None:
        return ["No other answer, nor two of them, would change it."]
    both = " and ".join(answer(flip) for flip in found.pair)
    return [f"No single other answer would. Two together: {both} → {found.pair[0].plan}"]


def answer(flip: Flip) -> str:
    """Another answer, by its criterion."""
    return f"{flip.given.criterion.name}: “{flip.given.option.label}”"


def days(found: Recommendation) -> list[str]:
    """What to do in the first ninety days."""
    return [f"Days {step.days}: {step.text}" for step in found.holding(found.rubric.steps)]


def figures(found: Recommendation) -> list[str]:
    """What was measured, and by whom."""
    return [f"{it.text} ({it.source})" for it in found.holding(found.rubric.figures)]


def texts(items: Iterable[Conditional]) -> list[str]:
    """The texts of conditional items."""
    return [it.text for it in items]


def contributions(found: Recommendation) -> list[tuple[str, ...]]:
    """A row for each answer and its points, under a head, with the base and the sum."""
    plans = found.rubric.plans
    rows = [
        (it.criterion.name, it.option.label, *(_signed(it.points(plan)) for plan in PLANS))
        for it in found.given
    ]
    base = ("what a plan costs", "before it earns", *(_signed(plans[plan].base) for plan in PLANS))
    total = ("sum", "", *(str(found.scores[plan]) for plan in PLANS))
    return [("", "answer", "Django", "FastAPI", "hybrid"), base, *rows, total]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as a table of Markdown."""
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return [head, f"|{'---|' * len(rows[0])}", *rest]


def _explained(found: Recommendation) -> list[str]:
    rows = [(name, *numbers, label) for name, label, *numbers in contributions(found)]
    return ["Every contribution:", *output.layout(rows, right={1, 2, 3})]


def _signed(number: int) -> str:
    return f"{number:+}" if number else "·"

"""A recommendation for people, as text or Markdown, and for machines."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from roadbed import output
from roadbed.advice.recommendation import BY_RULE, CLOSE, Flip, Recommendation
from roadbed.advice.rubric import PLANS, Conditional

MOST = 3  # single answers that would change it are listed up to here


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
        "for": [it.option.argument(found.plan) for it in found.pros],
        "against": [it.option.argument(found.rival) for it in found.cons],
        "changes": [
            {"criterion": it.given.criterion.id, "answer": it.given.option.id, "plan": it.plan}
            for it in found.flips
        ],
        "warnings": texts(found.holding(rubric.warnings)),
        "roles": texts(found.holding(rubric.roles)),
        "standards": texts(found.holding(rubric.standards)),
        "first_90_days": [
            {"days": step.days, "do": step.text} for step in found.holding(rubric.steps)
        ],
        "revisit_when": texts(found.holding(rubric.triggers)),
        "figures": [{"text": it.text, "source": it.source} for it in found.holding(rubric.figures)],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def title(found: Recommendation) -> str:
    """The plan, how sure that is, and over what."""
    if found.confidence == BY_RULE:
        return f"{found.plan}, by rule: no other plan is left"
    return f"{found.plan}, {found.confidence}: {points(found.lead or 0)} before {found.rival}"


def points(number: int) -> str:
    """A number of points, in words."""
    return f"{number} point" if number == 1 else f"{number} points"


def sections(found: Recommendation) -> Iterator[Section]:
    """The parts of the report that have something to say."""
    rubric, plan = found.rubric, found.rubric.plans[found.plan]
    settles = "It is close; what would settle it" if found.confidence == CLOSE else ""
    choices = [f"{key} = {it.value}: {it.text}" for key, it in found.choices.items()]
    parts = (
        ("Choices", choices),
        ("What speaks for it", reasons(found)),
        (f"What speaks for {found.rival}", [it.option.argument(found.rival) for it in found.cons]),
        ("Out of the question", excluded(found)),
        (settles or "What would change it", changes(found)),
        ("Risks", texts(found.holding(rubric.warnings))),
        ("Whom you need", [*texts(found.holding(rubric.roles)), plan.seniority]),
        ("Risk of inconsistency", [plan.inconsistency]),
        ("The standards that matter most", texts(found.holding(rubric.standards))),
        ("The first ninety days", days(found)),
        ("The numbers, in proportion", figures(found)),
    )
    return (Section(name, items) for name, items in parts if items)


def reasons(found: Recommendation) -> list[str]:
    """What speaks for the plan: a rule that leaves no other first, then the answers."""
    rules = found.excluded.get(found.rival, ()) if found.lead is None else ()
    said = [*rules, *(it.option.argument(found.plan) for it in found.pros)]
    return said if len(said) >= len(PLANS) else [*said, found.rubric.plans[found.plan].reason]


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
        return [f"{answer(flip)} → {flip.plan}" for flip in found.flips[:MOST]]
    pair = found.pair
    if pair is None:
        return ["No other answer, nor two of them, would change it."]
    both = " and ".join(answer(flip) for flip in pair)
    return [f"No single other answer would. Two together: {both} → {pair[0].plan}"]


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
    base = ("base", "", *(_signed(plans[plan].base) for plan in PLANS))
    total = ("sum", "", *(str(found.scores[plan]) for plan in PLANS))
    return [("", "answer", "Django", "FastAPI", "hybrid"), base, *rows, total]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as a table of Markdown."""
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return [head, f"|{'---|' * len(rows[0])}", *rest]


def _explained(found: Recommendation) -> list[str]:
    rows = [(name, *points, answer[:36]) for name, answer, *points in contributions(found)]
    return ["Every contribution:", *output.layout(rows, right={1, 2, 3})]


def _signed(number: int) -> str:
    return f"{number:+}" if number else "·"

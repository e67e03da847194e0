"""A recommendation for people, as text or Markdown, and for machines."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadbed import terminal
from roadbed.advice.recommendation import (
    BY_RULE,
    CLOSE,
    STRONGEST,
    Flip,
    GivenAnswer,
    Recommendation,
)
from roadbed.advice.rubric import PLANS, Conditional, Plan

_TODAY: dict[str, Plan] = {"django": "django-monolith", "async": "fastapi-service"}
"""The plan that `roadbed adopt` can give to code that runs today."""
MOST = 4  # single answers that would change it are listed up to here


@dataclass(frozen=True)
class Section:
    """A part of the report: its title, and an item a line."""

    title: str
    items: Sequence[str]


def as_text(recommendation: Recommendation, *, explain: bool = False) -> list[str]:
    """Return the report for a terminal, at 80 columns."""
    lines = [*terminal.wrapped(f"Recommended: {title(recommendation)}", "")]
    for section in sections(recommendation):
        lines += ["", f"{section.title}:"]
        for item in section.items:
            lines += terminal.item(item)
    return [*lines, *(["", *_explained(recommendation)] if explain else [])]


def as_markdown(recommendation: Recommendation, *, explain: bool = False) -> list[str]:
    """Return the report as a page."""
    lines = [f"# Recommended: {title(recommendation)}"]
    for section in sections(recommendation):
        lines += ["", f"## {section.title}", "", *(f"- {item}" for item in section.items)]
    if explain:
        lines += ["", "## Every contribution", "", *table(contributions(recommendation))]
    return lines


def as_data(recommendation: Recommendation) -> dict[str, object]:
    """Return the recommendation's own keys of the JSON document."""
    rubric = recommendation.rubric
    return {
        "rubric": rubric.version,
        "answers": recommendation.answers,
        "plan": recommendation.plan,
        "runner_up": recommendation.rival,
        "choices": {question: choice.value for question, choice in recommendation.choices.items()},
        "confidence": recommendation.confidence,
        "lead": recommendation.lead,
        "scores": dict(recommendation.scores),
        "excluded": {plan: list(reasons) for plan, reasons in recommendation.excluded.items()},
        "contributions": list(map(_contribution, recommendation.given_answers)),
        **_comparison(recommendation),
        **_guidance(recommendation),
    }


def _contribution(answered: GivenAnswer) -> dict[str, object]:
    return {
        "criterion": answered.criterion.id,
        "answer": answered.option.id,
        "points": {plan: answered.points(plan) for plan in PLANS},
    }


def _comparison(recommendation: Recommendation) -> dict[str, object]:
    """Return the reasons for both plans, and the answers that would change the plan."""
    pair = () if recommendation.flips else recommendation.pair or ()
    return {
        "for": reasons(recommendation),
        "against": objections(recommendation),
        "changes": list(map(_flip, recommendation.flips)),
        "two_changes": list(map(_flip, pair)),
    }


def _guidance(recommendation: Recommendation) -> dict[str, object]:
    """Return the texts that hold for the recommendation."""
    rubric = recommendation.rubric
    return {
        "warnings": texts(recommendation.holding(rubric.warnings)),
        "roles": texts(recommendation.holding(rubric.roles)),
        "seniority": texts(recommendation.holding(rubric.seniority)),
        "inconsistency": rubric.plans[recommendation.plan].inconsistency,
        "standards": texts(recommendation.holding(rubric.standards)),
        "first_90_days": [
            {"days": step.days, "do": step.text} for step in recommendation.holding(rubric.steps)
        ],
        "revisit_when": texts(recommendation.holding(rubric.triggers)),
        "figures": [
            {"text": figure.text, "source": figure.source}
            for figure in recommendation.holding(rubric.figures)
        ],
    }


def _flip(flip: Flip) -> dict[str, str]:
    other = flip.answer
    return {"criterion": other.criterion.id, "answer": other.option.id, "plan": flip.plan}


def next_steps(recommendation: Recommendation, file: Path) -> list[str]:
    """Return the verdict again and the next commands, after an interview saved in `file`."""
    path = shlex.quote(str(file))
    return [
        "",
        *terminal.wrapped(f"Recommended: {title(recommendation)}", ""),
        "",
        "Next:",
        f"  roadbed advise --answers {path} --explain",
        *_adopting(recommendation),
        f"  roadbed new ../my-service --advice {path}",
    ]


def _adopting(recommendation: Recommendation) -> list[str]:
    """Return the commands that bring code that runs today under the plan, if any do."""
    today = _TODAY.get(recommendation.answers.get("existing", ""))
    if today is None or recommendation.plan not in {today, "hybrid"}:
        return []
    options = [
        f"-d {question}={choice.value}"
        for question, choice in recommendation.choices.items()
        if today in choice.when.get("plan", ())
    ]
    growing = ["  roadbed grow hybrid"] if recommendation.plan != today else []
    return [f"  roadbed adopt . {' '.join([f'-d plan={today}', *options])}", *growing]


def title(recommendation: Recommendation) -> str:
    """Return the plan, how sure the recommendation is, and its lead."""
    plan, rival, lead = recommendation.plan, recommendation.rival, recommendation.lead
    if recommendation.confidence == BY_RULE:
        return f"{plan}, by rule: no other plan is left"
    verdict = f"{plan}, {recommendation.confidence}"
    if not lead:
        return f"{verdict}: as many points as {rival}, fewer decisions"
    return f"{verdict}: {points(lead)} before {rival}"


def points(number: int) -> str:
    """Return a number of points, in words."""
    return f"{number} point" if number == 1 else f"{number} points"


def sections(recommendation: Recommendation) -> Iterator[Section]:
    """Return the parts of the report that have items."""
    rubric = recommendation.rubric
    settles = "It is close; what would settle it" if recommendation.confidence == CLOSE else ""
    choices = [
        f"{key}: {choice.value}. {choice.text}" for key, choice in recommendation.choices.items()
    ]
    parts = (
        ("Choices", choices),
        ("Out of the question", excluded(recommendation)),
        ("What speaks for it", reasons(recommendation)),
        (
            f"What speaks for {recommendation.rival}{alone(recommendation)}",
            objections(recommendation),
        ),
        (settles or "What would change it", changes(recommendation)),
        ("Risks", texts(recommendation.holding(rubric.warnings))),
        ("People", people(recommendation)),
        ("The standards that matter most", texts(recommendation.holding(rubric.standards))),
        ("The first ninety days", days(recommendation)),
        ("The numbers, in proportion", figures(recommendation)),
    )
    return (Section(name, items) for name, items in parts if items)


def reasons(recommendation: Recommendation) -> list[str]:
    """Return the reasons for the plan."""
    return _arguments(recommendation, recommendation.plan, recommendation.pros)


def objections(recommendation: Recommendation) -> list[str]:
    """Return the reasons for the rival."""
    return _arguments(recommendation, recommendation.rival, recommendation.cons)


def alone(recommendation: Recommendation) -> str:
    """Return " alone" for a hybrid, because it has the rival as a half."""
    return " alone" if recommendation.plan == "hybrid" else ""


def _arguments(
    recommendation: Recommendation, plan: Plan, given_answers: Sequence[GivenAnswer]
) -> list[str]:
    """Return the answers' reasons for a plan; if they are few, also the plan's own reason."""
    arguments = [answered.option.argument(plan) for answered in given_answers]
    return (
        arguments
        if len(arguments) == STRONGEST
        else [*arguments, recommendation.rubric.plans[plan].reason]
    )


def people(recommendation: Recommendation) -> list[str]:
    """Return the roles that are needed, and the risk of inconsistency."""
    rubric = recommendation.rubric
    needed = texts(recommendation.holding([*rubric.roles, *rubric.seniority]))
    return [*needed, f"Risk of inconsistency: {rubric.plans[recommendation.plan].inconsistency}"]


def excluded(recommendation: Recommendation) -> list[str]:
    """Return the excluded plans with reasons and points."""
    winner, scores = recommendation.plan, recommendation.scores
    return [
        f"{plan} ({points(scores[plan])}, {winner} has {scores[winner]}): " + " ".join(reasons)
        for plan, reasons in recommendation.excluded.items()
    ]


def changes(recommendation: Recommendation) -> list[str]:
    """Return the answers that would change the plan, or the two that would together."""
    if recommendation.flips:
        more = len(recommendation.flips) - MOST
        rest = [f"and {more} more (--json)"] if more > 0 else []
        return [*(f"{answer(flip)} → {flip.plan}" for flip in recommendation.flips[:MOST]), *rest]
    if recommendation.pair is None:
        return ["No other answer, nor two of them, would change it."]
    both = " and ".join(answer(flip) for flip in recommendation.pair)
    return [f"No single other answer would. Two together: {both} → {recommendation.pair[0].plan}"]


def answer(flip: Flip) -> str:
    """Return another answer with its criterion's name."""
    return f"{flip.answer.criterion.name}: “{flip.answer.option.label}”"


def days(recommendation: Recommendation) -> list[str]:
    """Return the steps of the first ninety days."""
    return [
        f"Days {step.days}: {step.text}"
        for step in recommendation.holding(recommendation.rubric.steps)
    ]


def figures(recommendation: Recommendation) -> list[str]:
    """Return the measurements, each with its source."""
    return [
        f"{figure.text} ({figure.source})"
        for figure in recommendation.holding(recommendation.rubric.figures)
    ]


def texts(items: Iterable[Conditional]) -> list[str]:
    """Return the texts of conditional items."""
    return [item.text for item in items]


def contributions(recommendation: Recommendation) -> list[tuple[str, ...]]:
    """Return a header, the base, a row with the points of each answer, and the sum."""
    plans = recommendation.rubric.plans
    rows = [
        (
            answered.criterion.name,
            answered.option.label,
            *(_signed(answered.points(plan)) for plan in PLANS),
        )
        for answered in recommendation.given_answers
    ]
    base = ("what a plan costs", "before it earns", *(_signed(plans[plan].base) for plan in PLANS))
    total = ("sum", "", *(str(recommendation.scores[plan]) for plan in PLANS))
    return [("", "answer", "Django", "FastAPI", "hybrid"), base, *rows, total]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as a Markdown table."""
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return [head, f"|{'---|' * len(rows[0])}", *rest]


def _explained(recommendation: Recommendation) -> list[str]:
    rows = [(name, *numbers, label) for name, label, *numbers in contributions(recommendation)]
    return ["Every contribution:", *terminal.layout(rows, right={1, 2, 3})]


def _signed(number: int) -> str:
    return f"{number:+}" if number else "·"

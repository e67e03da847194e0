"""The decision record of a new service: the decision, its reasons, and when to decide again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from textwrap import fill

from roadbed.advice import reports
from roadbed.advice.recommendation import BY_RULE, CLEAR, CLOSE, LIKELY, Flip, Recommendation
from roadbed.advice.rubric import PLANS, Plan
from roadbed.advice.sheet import sheet_text
from roadbed.errors import write_error
from roadbed.service.answers import read_answers

FOLDER = Path("docs/adr")
SHEET = "0001-advice.toml"
_CHANGES = 2  # answers that would change the plan, as reasons to decide again
_WIDTH = 110
_SURE = {
    BY_RULE: "The rules leave no other plan",
    CLEAR: "The answer is clear",
    LIKELY: "The answer is likely, not certain",
    CLOSE: "It was close",
}


def write_record(service: Path, recommendation: Recommendation, today: date) -> Path:
    """Write the record of a rendered service over the plan's own first record, and the answers to a
    file in the same folder; return the record's path in the service.

    Raises CouldNotRunError when it cannot be written.
    """
    answers = read_answers(service)
    place = next(iter(sorted((service / FOLDER).glob("0001-*.md"))), None)
    place = place or service / FOLDER / f"0001-{recommendation.plan}.md"
    name = str(answers.values.get("project_name", service.name))
    text = "\n".join([*record_lines(recommendation, name, answers.values, today), ""])
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.with_name(SHEET).write_text(sheet_text(recommendation.answers), encoding="utf-8")
    except OSError as error:
        raise write_error(error, str(place)) from error
    return place.relative_to(service)


def record_lines(
    recommendation: Recommendation, name: str, values: Mapping[str, object], today: date
) -> Iterator[str]:
    """Yield the record of the service `name`; `values` are its answers to the template."""
    chosen = {
        question: str(values[question]) for question in recommendation.choices if question in values
    }
    recommendation = replace(recommendation, settled=chosen)
    yield f"# 1. {recommendation.rubric.plans[recommendation.plan].title}"
    status = "proposed" if recommendation.confidence == CLOSE else "accepted"
    yield from ("", f"Status: {status}, {today}", "", "## Context", "")
    yield from _context(recommendation)
    yield from ("", "## Decision", "")
    yield from _decision(recommendation, name)
    yield from ("", "## Consequences", "")
    yield from _consequences(recommendation)
    yield from ("", "## Revisit when", "")
    yield from _bullets(_revisits(recommendation))
    yield ""
    yield f"The answers are in `{SHEET}`. What else they mean (standards, the first ninety days):"
    yield from ("", "```", f"roadbed advise --answers {FOLDER.as_posix()}/{SHEET}", "```")


def _context(recommendation: Recommendation) -> Iterator[str]:
    for part in ("product", "organization"):
        facts = (
            answer.option.fact
            for answer in recommendation.given_answers
            if answer.criterion.part == part
        )
        yield _filled(" ".join(fact for fact in facts if fact))
        yield ""
    rubric = recommendation.rubric
    starts = [f"`{plan}` starts at {text.base}" for plan, text in rubric.plans.items() if text.base]
    yield _filled(
        "The question was Django, FastAPI, or both in one repository. "
        f"Counted by {rubric.origin} {rubric.version}"
        + (f" ({', '.join(starts)}, which it has to earn back)" if starts else "")
        + ", these facts say:"
    )
    yield ""
    rows = [
        (f"`{plan}`", str(recommendation.scores[plan]), _verdict(recommendation, plan))
        for plan in PLANS
    ]
    yield from reports.table([("plan", "points", "verdict"), *rows])


def _verdict(recommendation: Recommendation, plan: Plan) -> str:
    if plan == recommendation.plan:
        return "chosen"
    out = " ".join(recommendation.excluded.get(plan, ()))
    return f"out of the question: {out}" if out else ""


def _decision(recommendation: Recommendation, name: str) -> Iterator[str]:
    plan = recommendation.rubric.plans[recommendation.plan]
    yield _filled(
        f"We start {name} as {plan.noun}, from Roadbed's plan `{recommendation.plan}`. "
        f"{plan.layout}"
    )
    firm = "; no other answer would change it, nor would two"
    alone = (
        recommendation.lead is not None and not recommendation.flips and recommendation.pair is None
    )
    yield ""
    yield _filled(f"{_SURE[recommendation.confidence]}{firm if alone else ''}. What decided:")
    yield ""
    yield from _bullets(reports.reasons(recommendation))
    yield from ("", "Within the plan:", "")
    yield from _bullets(_choices(recommendation))


def _choices(recommendation: Recommendation) -> Iterator[str]:
    for question, choice in recommendation.choices.items():
        value = recommendation.settled.get(question)
        if value == choice.value:
            yield f"`{question}: {value}`. {choice.text}"
        else:
            yield f"`{question}: {value}`, where the rubric would have said `{choice.value}`."


def _consequences(recommendation: Recommendation) -> Iterator[str]:
    other = (
        f"{recommendation.rubric.plans[recommendation.rival].noun}{reports.alone(recommendation)}"
    )
    parts = (
        (f"What spoke for {other}:", reports.objections(recommendation)),
        (
            "Risks that we take:",
            reports.texts(recommendation.holding(recommendation.rubric.warnings)),
        ),
        ("People:", reports.people(recommendation)),
    )
    blocks = [[title, "", *_bullets(items)] for title, items in parts if items]
    for number, block in enumerate(blocks):
        yield from ([""] if number else [])
        yield from block


def _revisits(recommendation: Recommendation) -> Iterator[str]:
    yield from reports.texts(recommendation.holding(recommendation.rubric.triggers))
    single: list[tuple[Flip, ...]] = [(flip,) for flip in recommendation.flips[:_CHANGES]]
    for flips in single or [recommendation.pair or ()]:
        if flips:
            facts = " ".join(flip.answer.option.fact or reports.answer(flip) for flip in flips)
            yield f"It has come to this: {facts} The rubric would then say `{flips[0].plan}`."


def _bullets(items: Iterable[str]) -> Iterator[str]:
    for item in items:
        yield _filled(item, "- ", "  ")


def _filled(text: str, first: str = "", further: str = "") -> str:
    return fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )

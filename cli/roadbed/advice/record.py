"""The decision record that a service is born with: what, why, and when to think anew."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from textwrap import fill

from roadbed import answers
from roadbed.advice import reports
from roadbed.advice.recommendation import BY_RULE, CLEAR, CLOSE, LIKELY, Flip, Recommendation
from roadbed.advice.rubric import PLANS, Plan
from roadbed.render import write_error

FOLDER = Path("docs/adr")
_WIDTH = 110
_SURE = {
    BY_RULE: "The rules leave no other plan",
    CLEAR: "The answer is clear",
    LIKELY: "The answer is likely, not certain",
    CLOSE: "It was close",
}


def write(service: Path, found: Recommendation, today: date) -> None:
    """Write the record of a rendered service in the place of the plan's own first record.

    Raises CouldNotRunError when it cannot be written.
    """
    given = answers.read(service)
    place = next(iter(sorted((service / FOLDER).glob("0001-*.md"))), None)
    place = place or service / FOLDER / f"0001-{found.plan}.md"
    name = str(given.values.get("project_name", service.name))
    text = "\n".join([*lines(found, name, given.values, today), ""])
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise write_error(error, str(place)) from error


def lines(
    found: Recommendation, name: str, chosen: Mapping[str, object], today: date
) -> Iterator[str]:
    """The record of the service `name`, for which the template's questions were answered so."""
    yield f"# 1. {found.rubric.plans[found.plan].title}"
    yield from ("", f"Status: accepted, {today}", "", "## Context", "")
    yield from _context(found)
    yield from ("", "## Decision", "")
    yield from _decision(found, name, chosen)
    yield from ("", "## Consequences", "")
    yield from _consequences(found)
    yield from ("", "## Revisit when", "")
    yield from _bullets(_revisits(found))


def _context(found: Recommendation) -> Iterator[str]:
    facts = {
        part: " ".join(
            it.option.fact for it in found.given if it.criterion.part == part and it.option.fact
        )
        for part in ("product", "organisation")
    }
    yield _filled(facts["product"])
    yield ""
    yield _filled(facts["organisation"])
    yield ""
    yield _filled(
        "The question was Django, FastAPI, or both in one repository. Most of these facts speak "
        f"for one or another; counted by Roadbed's rubric {found.rubric.version}:"
    )
    yield ""
    rows = [(f"`{plan}`", str(found.scores[plan]), _verdict(found, plan)) for plan in PLANS]
    yield from reports.table([("plan", "points", "verdict"), *rows])


def _verdict(found: Recommendation, plan: Plan) -> str:
    if plan == found.plan:
        return "chosen"
    out = " ".join(found.excluded.get(plan, ()))
    return f"out of the question: {out}" if out else ""


def _decision(found: Recommendation, name: str, chosen: Mapping[str, object]) -> Iterator[str]:
    plan = found.rubric.plans[found.plan]
    yield _filled(
        f"We start {name} as {plan.noun}, from Roadbed's plan `{found.plan}`. {plan.layout}"
    )
    yield ""
    yield _filled(f"{_SURE[found.confidence]}. What decided:")
    yield ""
    yield from _bullets(reports.reasons(found))
    yield from ("", "Within the plan:", "")
    yield from _bullets(_choices(found, chosen))


def _choices(found: Recommendation, chosen: Mapping[str, object]) -> Iterator[str]:
    for question, choice in found.choices.items():
        value = chosen.get(question)
        if value == choice.value:
            yield f"`{question}: {value}`. {choice.text}"
        else:
            yield f"`{question}: {value}`, where the rubric would have said `{choice.value}`."


def _consequences(found: Recommendation) -> Iterator[str]:
    rubric = found.rubric
    against = [it.option.argument(found.rival) for it in found.cons]
    if against:
        alone = " alone" if found.plan == "hybrid" else ""
        other = f"{rubric.plans[found.rival].noun}{alone}"
        yield from (f"What would have spoken for {other}:", "")
        yield from (*_bullets(against), "")
    parts = (
        ("Risks that we take:", reports.texts(found.holding(rubric.warnings))),
        ("People:", [*reports.texts(found.holding(rubric.roles)), *reports.people(found)]),
        (
            "The platform's standards that matter most here:",
            reports.texts(found.holding(rubric.standards)),
        ),
        ("The first ninety days:", reports.days(found)),
        ("The numbers, in proportion:", reports.figures(found)),
    )
    blocks = [[title, "", *_bullets(items)] for title, items in parts if items]
    for number, block in enumerate(blocks):
        yield from ([""] if number else [])
        yield from block


def _revisits(found: Recommendation) -> Iterator[str]:
    yield from reports.texts(found.holding(found.rubric.triggers))
    chances: list[tuple[Flip, ...]] = [(flip,) for flip in found.flips[: reports.MOST]]
    for flips in chances or [found.pair or ()]:
        facts = " And: ".join(f"“{_fact(flip)}”" for flip in flips)
        if flips:
            yield f"{facts} With that, the same rubric would say `{flips[0].plan}`."


def _fact(flip: Flip) -> str:
    return flip.given.option.fact or reports.answer(flip)


def _bullets(items: Iterable[str]) -> Iterator[str]:
    for it in items:
        yield _filled(it, "- ", "  ")


def _filled(text: str, first: str = "", further: str = "") -> str:
    return fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )

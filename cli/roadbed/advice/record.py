"""The decision record that a service is born with: what, why, and when to think anew."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from textwrap import fill

from roadbed import answers
from roadbed.advice import reports
from roadbed.advice.recommendation import BY_RULE, Recommendation
from roadbed.advice.rubric import PLANS
from roadbed.render import write_error

FOLDER = Path("docs/adr")
_WIDTH = 110


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
        part: " ".join(it.option.fact for it in found.given if it.criterion.part == part)
        for part in ("product", "organisation")
    }
    yield fill(facts["product"], _WIDTH)
    yield ""
    yield fill(facts["organisation"], _WIDTH)
    yield ""
    yield fill(
        "The question was Django, FastAPI, or both in one repository. Each of these facts speaks "
        f"for some of them and against others; counted by Roadbed's rubric {found.rubric.version}:",
        _WIDTH,
    )
    yield ""
    rows = [(f"`{plan}`", str(found.scores[plan]), _verdict(found, plan)) for plan in PLANS]
    yield from reports.table([("plan", "points", ""), *rows])


def _verdict(found: Recommendation, plan: str) -> str:
    if plan == found.plan:
        return "chosen"
    out = [" ".join(reasons) for other, reasons in found.excluded.items() if other == plan]
    return f"out of the question: {out[0]}" if out else ""


def _decision(found: Recommendation, name: str, chosen: Mapping[str, object]) -> Iterator[str]:
    noun = found.rubric.plans[found.plan].noun
    sure = {
        BY_RULE: "No other plan is possible here",
        "clear": "The answer is clear",
        "likely": "The answer is likely, not certain",
        "close": "It was close",
    }[found.confidence]
    yield fill(
        f"We start {name} as {noun}, from Roadbed's plan `{found.plan}`. {sure}. What decided:",
        _WIDTH,
    )
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
    rubric, plan = found.rubric, found.rubric.plans[found.plan]
    against = [it.option.argument(found.rival) for it in found.cons]
    if against:
        other = rubric.plans[found.rival].noun
        yield from ("What would have spoken for " + other + ", and we do without:", "")
        yield from (*_bullets(against), "")
    parts = (
        ("Risks that we take:", reports.texts(found.holding(rubric.warnings))),
        (
            "People:",
            [
                *reports.texts(found.holding(rubric.roles)),
                plan.seniority,
                f"Risk of inconsistency: {plan.inconsistency}",
            ],
        ),
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
    for flip in found.flips[: reports.MOST]:
        yield (
            f"The answer about {flip.given.criterion.name} becomes “{flip.given.option.label}”: "
            f"the same rubric would then say `{flip.plan}`."
        )


def _bullets(items: Iterable[str]) -> Iterator[str]:
    for it in items:
        yield fill(it, _WIDTH, initial_indent="- ", subsequent_indent="  ")

"""`roadbed new --advice`: a repository with those choices, and the decision in its own words."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadbed.advice.recommendation import recommend
from roadbed.advice.record import record_lines
from roadbed.advice.rubric import RUBRIC_FILE, load_rubric
from roadbed.drift.check import check_service
from tests.advise.conftest import RUBRIC, SCENARIOS, scenario, written
from tests.cli.conftest import Cli, git

DEFAULTS = ("--defaults", "--no-install")
TITLES = {
    "django-monolith": "# 1. A Django monolith",
    "fastapi-service": "# 1. A FastAPI service",
    "hybrid": "# 1. A hybrid of Django and FastAPI",
}


def recorded(service: Path) -> dict[str, Any]:
    """The answers file of a service."""
    answers: dict[str, Any] = yaml.safe_load((service / ".copier-answers.yml").read_text())
    return answers


def decision(service: Path) -> str:
    """The one record that a service is born with."""
    (path,) = (service / "docs/adr").glob("0001-*.md")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "two-person start-up",
        "GraphQL for three front ends",
        "insurance with a broker API",
    ],
)
def test_new_with_advice(cli: Cli, copier_template: Path, name: str) -> None:
    """Plan and choices are the advice's, the record is committed, and the check is content."""
    company = next(it for it in SCENARIOS if it["name"] == name)
    file = written(cli.folder / "advice.toml", company["answers"])
    source = f"--source={copier_template}"

    made = cli.run(
        "new", "orders", "--advice", file.name, *DEFAULTS, source, "--name", "Bright Orders"
    )

    assert 0 == made.code, made.err
    service = cli.folder / "orders"
    answers, text = recorded(service), decision(service)
    assert company["plan"] == answers["plan"]
    assert "The decision is in docs/adr/0001-" in made.out
    again = cli.run("advise", "--answers", "orders/docs/adr/0001-advice.toml", "--json")
    assert company["answers"] == json.loads(again.out)["answers"]
    for question, choice in recommend(RUBRIC, company["answers"]).choices.items():
        assert choice.value == answers[question]
        assert f"`{question}: {choice.value}`." in text
    assert text.startswith(f"{TITLES[company['plan']]}\n\nStatus: accepted, 20")
    assert "We start Bright Orders as" in text
    assert "" == git(service, "status", "--porcelain")
    assert () == check_service(service).findings


def test_a_choice_of_ones_own(cli: Cli, copier_template: Path) -> None:
    """What is answered with -d counts, and the record says that the rubric said otherwise."""
    file = written(cli.folder / "advice.toml", scenario("two-person start-up"))
    own = ("-d", "tenancy=organizations", f"--source={copier_template}")

    made = cli.run("new", "orders", "--advice", file.name, *DEFAULTS, *own)

    assert 0 == made.code, made.err
    assert "organizations" == recorded(cli.folder / "orders")["tenancy"]
    expected = "`tenancy: organizations`, where the rubric would have said `single`."
    assert expected in decision(cli.folder / "orders")


def test_a_choice_of_ones_own_counts_everywhere() -> None:
    """Risks, people and triggers are those of the choices that were made."""
    found = recommend(RUBRIC, scenario("integration hub"))
    chosen = {question: choice.value for question, choice in found.choices.items()}

    def text(**own: str) -> str:
        given = {**chosen, **own}
        return " ".join(" ".join(record_lines(found, "Hub", given, date(2027, 1, 31))).split())

    assert "oidc" == chosen["auth"]
    assert "the service grows into a hybrid before it is half of the work" in text()
    assert "no command grows a Django half" in text(auth="local")
    assert "grows into a hybrid" not in text(auth="local")


def test_whose_rubric(tmp_path: Path) -> None:
    """A record does not credit Roadbed with somebody's own weights."""
    path = tmp_path / "ours.toml"
    path.write_text(RUBRIC_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    answers = scenario("integration hub")

    theirs = record_lines(recommend(load_rubric(path), answers), "Hub", {}, date(2027, 1, 31))
    ours = record_lines(recommend(RUBRIC, answers), "Hub", {}, date(2027, 1, 31))

    assert "Counted by our `ours.toml`, 1 (" in " ".join(" ".join(theirs).split())
    assert "Counted by Roadbed's rubric 1 (" in " ".join(" ".join(ours).split())


def test_a_near_tie_is_proposed() -> None:
    """Who decides by a point or two is to talk about it first; the weak side is told, too."""
    found = recommend(RUBRIC, scenario("regulated marketplace on Django"))
    text = "\n".join(record_lines(found, "Market", {}, date(2027, 1, 31)))
    assert "\nStatus: proposed, 2027-01-31\n" in text
    assert "\n- One stack, and few decisions to take.\n" in text


@pytest.mark.parametrize("company", SCENARIOS, ids=[it["name"] for it in SCENARIOS])
def test_a_record(company: dict[str, Any]) -> None:
    """It has every part, its own numbers, lines that fit, and nothing left empty."""
    found = recommend(RUBRIC, company["answers"])
    chosen = {question: choice.value for question, choice in found.choices.items()}

    text = "\n".join(record_lines(found, "Orders", chosen, date(2027, 1, 31)))

    for title in ("## Context", "## Decision", "## Consequences", "## Revisit when"):
        assert f"\n{title}\n\n" in text
    for plan, points in found.scores.items():
        assert f"| `{plan}` | {points} | " in text
    for given in found.given_answers:
        assert given.option.fact in " ".join(text.split())
    prose = [line for line in text.splitlines() if not line.startswith("|")]
    assert max(map(len, prose)) <= 110
    spans = [line.count("`") for line in prose if line != "```"]
    assert all(count % 2 == 0 for count in spans), "a span of code was broken"
    assert "\n\n\n" not in text
    assert not re.search(r"(: |= |`)None\b", text)


def test_another_template(cli: Cli, copier_template: Path) -> None:
    """A rubric for other questions is told so, before anything is made."""
    text = RUBRIC_FILE.read_text(encoding="utf-8").replace('"web_api"', '"web_soap"')
    (cli.folder / "ours.toml").write_text(text, encoding="utf-8")
    head = 'format = 1\nrubric = "ours.toml"\n'
    written(cli.folder / "advice.toml", scenario("two-person start-up"), head)
    words = ("new", "orders", "--advice", "advice.toml", *DEFAULTS, f"--source={copier_template}")
    cli.run(*words).refused(2, "answers 'web_soap', which the template does not ask")
    assert not (cli.folder / "orders").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["new", "hybrid", "orders", "--advice", "advice.toml"], "says django-monolith"),
        (["new", "--advice", "advice.toml"], "name only the new folder"),
        (["new", "orders", "--advice", "none.toml"], "`roadbed advise --answers none.toml`"),
        (["new", "orders", "--advice", "some.toml"], "some.toml has no answer to back_office"),
        (["new", "orders"], "Name a plan and a new folder"),
        (["new"], "Name a plan and a new folder"),
    ],
)
def test_mistakes(cli: Cli, words: list[str], message: str) -> None:
    """One sentence, and nothing is made."""
    written(cli.folder / "advice.toml", scenario("two-person start-up"))
    written(cli.folder / "some.toml", {"product": "api"})
    before = cli.files()
    cli.run(*words).refused(2, message)
    assert before == cli.files()

"""A rubric that contradicts itself, or is written wrongly, is refused with the place named."""

import re
import tomllib
from pathlib import Path

import pytest

from roadbed.advice.rubric import PLANS, RUBRIC_FILE, load_rubric
from roadbed.errors import UsageError
from roadbed.template.questions import parse_questions

TEXT = RUBRIC_FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "format"),
        ("format = 1", "format = ", "is not valid TOML"),
        ("[thresholds]", "color = 1\n\n[thresholds]", "color"),
        ('id = "team"\n', 'id = "product"\n', "the criterion product is there twice"),
        ('id = "few"\n', 'id = "mixed"\n', "an option of the criterion team is there twice"),
        ('default = "mixed"\n', 'default = "big"\n', "is not one of its options"),
        (
            "points = { django-monolith = 4, hybrid = 4 }",
            "points = { django-monolith = 4, hybrid = 44 }",
            "criterion back_office option much points hybrid",
        ),
        (
            "points = { django-monolith = 4, hybrid = 4 }",
            "points = { django-monolith = 0, hybrid = 4 }",
            "the step from some to much does less for it than for another plan",
        ),
        ("points = { django-monolith = 4,", "points = { rails = 4,", "rails"),
        ("close = 2", "close = 6", "close must be less than clear"),
        ('excludes = ["hybrid"]', "excludes = []", "excludes"),
        (
            'when = { platform = ["nobody"] }',
            'when = { platform = ["none"] }',
            "a condition asks for platform = none, which cannot be",
        ),
        (
            'when = { platform = ["nobody"] }',
            'when = { weather = ["rain"] }',
            "a condition asks for weather = rain",
        ),
        (
            'when = { platform = ["nobody"] }',
            'when = { plan = ["hybrid"] }',
            "a condition asks for plan = hybrid",
        ),
        (
            'excludes = ["hybrid"]',
            'excludes = ["django-monolith", "fastapi-service", "hybrid"]',
            "the rules leave no plan for",
        ),
        ('id = "few"', 'id = "Few"', "criterion team option Few id"),
        ('id = "hiring"', 'id = "how many"', "criterion how many id"),
        ("[plans.hybrid]", "[plans.rails]", "rails"),
    ],
)
def test_offence(tmp_path: Path, old: str, new: str, message: str) -> None:
    """One sentence with the file, the place and what is wrong there."""
    assert old in TEXT
    path = tmp_path / "rubric.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(UsageError) as error:
        load_rubric(path)

    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_no_reason(tmp_path: Path) -> None:
    """Points without a reason cannot be explained to anybody."""
    path = tmp_path / "rubric.toml"
    first = next(line for line in TEXT.splitlines() if line.startswith('reason = "Half'))
    path.write_text(TEXT.replace(f"{first}\n", ""), encoding="utf-8")

    with pytest.raises(UsageError, match="back_office = much has points for django-monolith"):
        load_rubric(path)


def test_a_criterion_that_favors_all(tmp_path: Path) -> None:
    """Whoever builds it speaks for every plan: nothing to turn away from, and nothing crashes."""
    path = tmp_path / "rubric.toml"
    every = 'favors = ["django-monolith", "fastapi-service", "hybrid"]'
    text = TEXT.replace('favors = ["hybrid"]', every)
    path.write_text(
        text.replace(
            'points = { django-monolith = 1 }\nreason = "No one maintains',
            'reason = "No one maintains',
        )
    )
    criteria = {it.id: it for it in load_rubric(path).criteria}
    assert criteria["platform"].favors == [*PLANS]


def test_no_rubric(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(UsageError, match=r"nowhere\.toml cannot be read"):
        load_rubric(tmp_path / "nowhere.toml")


def test_choices_are_the_templates() -> None:
    """What the rubric chooses can be answered to the template's questions."""
    text = (Path(__file__).parents[2] / "copier.yml").read_text(encoding="utf-8")
    asked = parse_questions(text, "here")
    for choice in load_rubric().choices:
        asked.require_known({choice.question: choice.value})
    assert {*PLANS} == {*asked.plans}


def test_figures() -> None:
    """Numbers of ours stand in the page that is named as their source."""
    root = Path(__file__).parents[2]
    ours = [it for it in load_rubric().figures if "Roadbed" in it.source]
    assert ours
    for figure in ours:
        named = re.findall(r"docs/[\w-]+\.md", figure.source)
        pages = "".join((root / it).read_text(encoding="utf-8") for it in named)
        numbers = re.findall(r"(\d+) µs", figure.text)
        assert numbers
        for number in numbers:
            assert re.search(rf"\| \+?{number} \|", pages), f"{number}: {figure.source}"


def test_twelve_questions() -> None:
    """The file asks twelve questions, as the command's help says."""
    assert 12 == len(tomllib.loads(TEXT)["criterion"])

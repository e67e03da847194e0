"""What the matrix says of a template that breaks its promises to services."""

from datetime import date

import pytest

from roadbed.service.ownership import parse_ownership
from tests.update import matrix
from tests.update.matrix import GONE, ROOT, Step

QUESTIONS = (ROOT / "copier.yml").read_text()
OWNERS = (ROOT / "templates/_shared/.roadbed/ownership.toml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("\nowner:\n", "\nteam:\n", "owner is not asked any more"),
        ("      value: drf\n", "      value: rest\n", "web_api cannot be drf any more"),
        ("    - gitlab\n", "", "ci cannot be gitlab any more"),
        ("  type: yaml\n", "  type: str\n", "ejected is no longer yaml"),
        ("  default: platform-team\n", "", "owner has no default"),
        (
            "  default: platform-team\n",
            "  default: us\n  choices: [us, them]\n",
            "owner cannot be any text any more",
        ),
    ],
)
def test_questions(old: str, new: str, fault: str) -> None:
    """A question renamed, narrowed, retyped or left without a default is named."""
    assert QUESTIONS.count(old) == 1

    assert [fault] == matrix.lost_questions(QUESTIONS, QUESTIONS.replace(old, new))


def test_more_questions() -> None:
    """A new question, a further choice, and text in place of a choice are no loss."""
    more = QUESTIONS.replace("    - gitlab\n", "    - gitlab\n    - forgejo\n")
    more += "\nregion:\n  type: str\n  default: eu\n"
    freed = more.replace("  choices:\n    - github\n    - gitlab\n    - forgejo\n", "")

    assert [] == matrix.lost_questions(QUESTIONS, more)
    assert [] == matrix.lost_questions(more, freed)


def step(born: str, fresh: str, at_head: str = OWNERS) -> Step:
    """An update between two versions with one file each."""
    file = ("file", b"")
    owners = (parse_ownership(text) for text in (OWNERS, at_head))
    return Step({born: file}, {fresh: file}, *owners)


def test_a_path_vanishes() -> None:
    """A managed or merged file that is renamed, or given away, is named; a seed is the team's."""
    given = OWNERS.replace('    "/renovate.json5",\n', "", 1)

    assert ["Dockerfile"] == step("Dockerfile", "Containerfile").vanished()
    assert ["renovate.json5"] == step("renovate.json5", "renovate.json5", given).vanished()
    assert [] == step("web/views.py", "web/pages.py").vanished()


def test_a_path_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that is written down with its reason may go."""
    monkeypatch.setattr(matrix, "GONE", {**GONE, "Dockerfile": "is called Containerfile"})

    assert [] == step("Dockerfile", "Containerfile").vanished()


def test_a_seed_is_taken_over() -> None:
    """A file that was the team's from the first commit cannot become the platform's."""
    taken = OWNERS.replace('    "/manage.py",\n', "").replace(
        '    "/renovate.json5",\n', '    "/manage.py",\n    "/renovate.json5",\n'
    )

    assert ["manage.py"] == step("manage.py", "manage.py", taken).taken()


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2027, 1, 15), ["v1.10.0", "v1.9.0", "v1.0.0"]),
        (date(2027, 9, 1), ["v1.10.0", "v1.9.0"]),
        (date(2030, 1, 1), ["v1.10.0"]),
    ],
)
def test_supported_releases(today: date, expected: list[str]) -> None:
    """A release is supported until it has been an old one for so many months; the newest always."""
    released = {
        "v1.0.0": date(2026, 1, 1),
        "v1.9.0": date(2026, 8, 1),
        "v1.10.0": date(2026, 12, 1),
    }

    assert expected == matrix.supported(released, 12, today)


def test_no_release() -> None:
    """Nothing is supported where nothing is released."""
    assert [] == matrix.supported({}, 12, date(2027, 1, 1))

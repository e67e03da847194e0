"""What `roadbed adopt` guesses of a repository, and answers that were lost."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from roadbed.errors import Exit
from roadbed.update.guesses import guess_answers
from tests.cli.conftest import commit, git
from tests.conftest import Render
from tests.update.handwritten import ANSWERS, GENERATED, NAMED, Written, answers
from tests.update.history.releases import replace
from tests.update.services import Nursery, roadbed
from tests.variants import VARIANTS, Answers, label

pytestmark = pytest.mark.xdist_group("adopt")  # what is rendered is kept for the session


@pytest.mark.parametrize("variant", VARIANTS, ids=label)
def test_lost_answers_are_guessed(render: Render, variant: Answers) -> None:
    """A generated service that lost its answers says all of them, but for what was ejected."""
    service = render(variant)
    lost = answers(service)
    assert [] == lost.pop("ejected")
    assert lost == guess_answers(service)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"README.md": "# Orders & Größe\n"}, "Orders & Größe"),
        ({"README.md": "# Welcome!\n", "pyproject.toml": NAMED}, "Corner shop"),
        ({"README.md": "# Corner Shop\n", "pyproject.toml": NAMED}, "Corner Shop"),
        ({"README.md": "# Zwölf\n", "pyproject.toml": NAMED, **GENERATED}, "Zwölf"),
        ({"README.rst": "Shop\n====\n"}, "Shop"),
    ],
)
def test_names(written: Written, texts: Mapping[str, str], expected: str) -> None:
    """The README's title is the name where it says the same as the project, or is all there is."""
    assert expected == guess_answers(written(texts))["project_name"]


@pytest.mark.parametrize(
    ("file", "text", "plan"),
    [
        ("requirements.txt", "# no django here\nflask\n-e .\n", None),
        ("requirements/base.in", "Django[argon2] ~= 5.2\n", "django-monolith"),
        (
            "pyproject.toml",
            "[tool.poetry.group.web.dependencies]\nDjango = '^5'\n",
            "django-monolith",
        ),
        ("pyproject.toml", "[dependency-groups]\napi = ['fastapi']\n", "fastapi-service"),
        ("pyproject.toml", "[project]\ndescription = 'like django'\n", None),
        ("pyproject.toml", "[project\n", None),
        ("Pipfile", "[packages]\nfastapi = '*'\ndjango = '*'\n", "hybrid"),
        ("setup.cfg", "[options]\ninstall_requires =\n    django>=5\n", "django-monolith"),
    ],
)
def test_where_libraries_are_listed(
    written: Written, file: str, text: str, plan: str | None
) -> None:
    """What a project depends on says the plan, in whatever tool's file; prose does not."""
    assert plan == guess_answers(written({file: text})).get("plan")


def test_only_the_answers_are_lost(
    home: Path, history: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """They come back byte for byte, for the oldest release with these managed files."""
    assert home
    service = nursery.born(history, "v1.1.0", tmp_path / "orders", plan="hybrid", web_api="none")
    lost = (service / ANSWERS).read_bytes()
    replace(service / "pyproject.toml", '    "mypy",\n', '    "mypy",\n    "nox",\n')
    git(service, "rm", "--quiet", ANSWERS)
    commit(service, "Lose the answers")

    ran = roadbed("adopt", service, "--defaults", "--source", history)

    assert Exit.FINE == ran.code, ran.err
    assert lost == (service / ANSWERS).read_bytes()
    assert [f"A  {ANSWERS}"] == git(service, "status", "--porcelain").splitlines()
    deleted = git(service, "rev-parse", "--short", "HEAD")
    assert f"  git checkout {deleted}^ -- {ANSWERS}\n" in ran.out
    commit(service, "Follow the platform again")
    updated = roadbed("update", service, "--no-lock", "--to", "v1.2.0")
    assert Exit.FINE == updated.code, updated.out
    assert '"nox"' in (service / "pyproject.toml").read_text()


def test_answers_lost_between_releases(
    home: Path, history: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """A service made from a commit that was never released is found by its manifest, too."""
    assert home
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(history), str(template))
    git(template, "checkout", "--quiet", "v1.1.0")
    git(template, "tag", "--delete", *git(template, "tag").split())
    service = nursery.born(template, "HEAD", tmp_path / "orders", plan="hybrid")
    lost = (service / ANSWERS).read_bytes()
    git(service, "rm", "--quiet", ANSWERS)
    commit(service, "Lose the answers")

    assert Exit.FINE == roadbed("adopt", service, "--defaults", "--source", template).code

    assert lost == (service / ANSWERS).read_bytes()

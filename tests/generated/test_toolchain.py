"""The real tools in a real service: what a picky reviewer would run on its first day."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.generated.conftest import Project, Suites, generate, shared
from tests.generated.fuzzing import fuzz, fuzz_web
from tests.generated.serving import ask, serving, serving_pages, serving_web
from tests.variants import Answers, covering, label


def test_the_closing_message_is_complete(project: Project) -> None:
    """The printed commands begin in the new folder and end with a running service."""
    assert ["cd", str(project.path)] == shlex.split(project.printed[0])
    assert project.printed[-1] == "uv run just up"
    assert project.run("git status --porcelain") == ""


def test_the_formatter_has_nothing_to_do(project: Project) -> None:
    """A render is a fixpoint of the shipped formatter."""
    project.run("uv run just fmt")

    assert project.run("git diff") == ""


def test_lint_is_clean(project: Project) -> None:
    """ruff, mypy --strict and the migrations' drift check pass."""
    project.run("uv run just lint")


def test_its_own_suite_passes(project: Project, suites: Suites) -> None:
    """The tests that a team inherits pass on a real PostgreSQL."""
    output = suites.of(project)

    assert re.search(r"\d+ passed", output), output
    assert "warning" not in output.lower(), output


def test_generated_files_are_current(project: Project) -> None:
    """`just generate` changes nothing that was committed."""
    project.run("uv run just generate")

    assert project.run("git status --porcelain") == ""


def test_drift_of_the_contract_is_caught(project: Project) -> None:
    """A route that is not in the committed contract fails the lint, which says what to run."""
    if "api" not in project.halves:
        pytest.skip("a contract is what an API half has")
    path = project.path / "api" / "webhooks" / "routes.py"
    before = path.read_text()
    try:
        path.write_text(before.replace('"Register a URL', '"Register some URL'))
        assert path.read_text() != before
        output = project.run("uv run just lint", fails=True)
    finally:
        path.write_text(before)
    assert "contracts/api.openapi.json did not: run `just generate`" in output


def test_drift_of_a_model_is_caught(project: Project) -> None:
    """A model without its migration fails the lint."""
    half = project.halves[-1]
    models = {"web": "web/accounts/models.py", "api": "api/webhooks/models.py"}[half]
    path = project.path / models
    before = path.read_text()
    replaced = before.replace("unique=True", "unique=False").replace("200", "201")
    try:
        path.write_text(
            replaced if replaced != before else before.replace("max_length=", "max_length=1")
        )
        assert path.read_text() != before
        project.run("uv run just lint", fails=True)
    finally:
        path.write_text(before)


def test_an_import_across_the_boundary_is_caught(project: Project) -> None:
    """In a hybrid, neither half may import the other."""
    if project.plan != "hybrid":
        pytest.skip("one half alone has no boundary; the hybrid's run of this test has")
    crossing = project.path / "api" / "crossing.py"
    crossing.write_text(
        '"""Crosses."""\n\nfrom web.accounts.models import User\n\n__all__ = ["User"]\n'
    )
    try:
        output = project.run("uv run lint-imports --config .roadbed/importlinter.toml", fails=True)
        assert "api.crossing -> web.accounts.models" in output
    finally:
        crossing.unlink()


def test_the_hook_stops_an_ugly_commit(project: Project) -> None:
    """What the formatter would change does not get in."""
    ugly = project.path / "tests" / "ugly.py"
    ugly.write_text("x = {  'a':1 }\n")
    try:
        project.run("git add -A")
        output = project.run("git commit -m ugly", fails=True)
        assert "ugly.py" in output
    finally:
        project.run("git reset -q --hard")


def test_an_unset_environment_means_production(project: Project) -> None:
    """Without ENVIRONMENT each half refuses to start and names what is missing."""
    environment = {k: v for k, v in project.environment.items() if k != "ENVIRONMENT"}
    for half in project.halves:
        module = {"web": "web.wsgi", "api": "api.main"}[half]
        done = subprocess.run(
            ["uv", "run", "python", "-c", f"import {module}"],
            cwd=project.path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "DATABASE_URL: set it to" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_fuzzer_finds_nothing_in_a_hybrid(project: Project, tmp_path: Path) -> None:
    """The API keeps its contract whatever is sent, where the web half issues the tokens too."""
    if project.plan != "hybrid":
        pytest.skip("an API alone is fuzzed in its variants; the hybrid's run of this test is it")
    with serving(project, local=False) as server:
        fuzz(server, tmp_path, project.path / "contracts")


# which forge runs the checks is files that Python never sees; test_rendering.py looks at them
OTHERS = [
    answers
    for plan in ("django-monolith", "fastapi-service")
    for answers in covering(plan, "ci")[1:]
]


@pytest.mark.parametrize("answers", OTHERS, ids=label)
def test_every_choice_passes_its_own_suite(
    answers: Answers, copier_template: Path, tmp_path: Path
) -> None:
    """Format, rules, types, tests, and a fuzzer over each API, in every variant that the pairs of
    choices ask for."""
    choices = [f"{name}={value}" for name, value in answers.items() if name != "plan"]
    plan = answers["plan"]
    variant = generate(copier_template, tmp_path / "orders", plan, *choices, more=shared(plan))

    variant.run("uv run just lint")
    output = variant.run("uv run just test")

    assert re.search(r"\d+ passed", output), output
    assert not os.path.lexists(variant.path / "{")
    if "api" in variant.halves:
        with serving(variant, local=answers["auth"] == "local") as server:
            fuzz(server, tmp_path, variant.path / "contracts")
    if (variant.path / "web" / "api").is_dir():
        with serving_web(variant) as server:
            fuzz_web(server, tmp_path, variant.path / "contracts")
    elif "web" in variant.halves:
        with serving_pages(variant) as server:
            assert ask(f"{server.url}/accounts/login/")[0] == 200

"""Choices that decide about seeded files cannot change later; a plan can only grow."""

import subprocess
from pathlib import Path

import pytest
import yaml
from pytest_copier.plugin import CopierFixture, CopierProject

OTHER = {
    "web_api": ("hybrid", "drf"),
    "tenancy": ("django-monolith", "organizations"),
    "orm": ("fastapi-service", "sqlmodel"),
    "auth": ("fastapi-service", "local"),
    "api_shape": ("fastapi-service", "graphql"),
}


def commit(project: CopierProject) -> CopierProject:
    """Put a rendered project under git, as an update demands."""
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "born"]):
        subprocess.run(["git", *arguments], cwd=project.path, check=True)
    return project


@pytest.mark.parametrize("question", OTHER)
def test_a_choice_cannot_be_switched(copier: CopierFixture, tmp_path: Path, question: str) -> None:
    """A half-switch is refused with the recorded answer, and nothing changes."""
    plan, value = OTHER[question]
    project = commit(copier.copy(tmp_path / "out", plan=plan))

    with pytest.raises(ValueError, match=f"{question} was set to"):
        project.update(**{question: value})

    assert project.run("git status --porcelain") == ""


@pytest.mark.parametrize(
    ("born", "wanted"),
    [
        ("django-monolith", "fastapi-service"),
        ("fastapi-service", "django-monolith"),
        ("hybrid", "django-monolith"),
    ],
)
def test_a_plan_does_not_shrink_or_switch(
    copier: CopierFixture, tmp_path: Path, born: str, wanted: str
) -> None:
    """Only growth to hybrid is a way on."""
    project = commit(copier.copy(tmp_path / "out", plan=born))

    with pytest.raises(ValueError, match=f"this service is a '{born}'"):
        project.update(plan=wanted)


def test_accounts_of_its_own_keep_a_service_from_growing(
    copier: CopierFixture, tmp_path: Path
) -> None:
    """In a hybrid Django owns the accounts, so auth=local is told the manual road."""
    project = commit(copier.copy(tmp_path / "out", plan="fastapi-service", auth="local"))

    with pytest.raises(ValueError, match="move the accounts to Django by hand"):
        project.update(plan="hybrid")


def test_a_wrong_value_is_quoted(copier: CopierFixture, tmp_path: Path) -> None:
    """The message holds what was typed and what would have been right."""
    with pytest.raises(ValueError, match=r"'flask' is not in \['django-monolith'"):
        copier.copy(tmp_path / "out", plan="flask")


def test_the_answers_file_keeps_a_second_record(copier: CopierFixture, tmp_path: Path) -> None:
    """The record is what the guards compare with; it holds the choices and nothing else."""
    project = copier.copy(tmp_path / "out", plan="fastapi-service")

    answers = yaml.safe_load((project.path / ".copier-answers.yml").read_text())
    expected = {
        "plan": "fastapi-service",
        "orm": "sqlalchemy",
        "auth": "oidc",
        "api_shape": "rest",
    }
    assert expected == answers["recorded"]


def test_a_checkout_without_links_is_refused(copier_template: Path, tmp_path: Path) -> None:
    """With core.symlinks=false half of every file would be a link's text; plain Copier says so."""
    broken = tmp_path / "template"
    clone = ["git", "-c", "core.symlinks=false", "clone", "-q", str(copier_template), str(broken)]
    subprocess.run(clone, check=True)
    (broken / ".git").rename(tmp_path / "aside")
    command = ["copier", "copy", "--defaults", str(broken), str(tmp_path / "out")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "checked out without symbolic links" in done.stderr

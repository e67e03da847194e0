"""Hostile names on the real templates: refused in one sentence, or a valid service."""

import tomllib
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Cli

HOSTILE = [
    'O"Brien "quoted"',
    "it's",
    "back\\slash\\n",
    "Zwölf Aufträge 注文",
    "two\nlines",
    "tab\there",
    "{{ project_slug }}",
    "{% raw %}",
    "# comment: [x]",
    "- 1: yes",
    "3rd party",
    "007",
    "class",
    "django",
    "test",
    "null",
    "",
    "   ",
    "../../etc",
    "\u2028separator",
    "x" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_name(cli: Cli, copier_template: Path, name: str) -> None:
    """A name is either refused, quoting the question, or ends up whole in valid files."""
    ran = cli.run(
        "new",
        "fastapi-service",
        "orders",
        "--defaults",
        "--no-install",
        f"--source={copier_template}",
        "--name",
        name,
    )
    service = cli.folder / "orders"
    if ran.code:
        ran.refused(2, "project_")
        assert [] == list(cli.folder.iterdir())
    else:
        answers = yaml.safe_load((service / ".copier-answers.yml").read_text())
        project = tomllib.loads((service / "pyproject.toml").read_text())["project"]
        assert name == answers["project_name"]
        assert answers["project_slug"] == project["name"]


def test_refused(cli: Cli, copier_template: Path) -> None:
    """What no service can be called is among the refused."""
    for name in ("two\nlines", "django", "x" * 300):
        arguments = ("--defaults", "--no-install", f"--source={copier_template}", "--name", name)
        cli.run("new", "fastapi-service", "orders", *arguments).refused(2, "project_")


def test_folder_name(cli: Cli, copier_template: Path) -> None:
    """The folder's name, when it is the suggested one, is judged as any other."""
    arguments = ("--defaults", "--no-install", f"--source={copier_template}")
    cli.run("new", "fastapi-service", "django", *arguments).refused(2, "project_slug", "django")

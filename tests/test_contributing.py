"""The recipes of CONTRIBUTING.md: their commands work when they are typed."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_RECIPE = re.compile(
    r"^\*\*(?P<name>[^*]+?)\.\*\*.*?^```\n(?P<commands>.*?)^```", re.MULTILINE | re.DOTALL
)


def recipes() -> dict[str, list[str]]:
    """Return the commands of each recipe by its name."""
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## Recipes")[2]
    text = text.partition("## Habits")[0]
    return {match["name"]: match["commands"].splitlines() for match in _RECIPE.finditer(text)}


COMMANDS = sorted({command for commands in recipes().values() for command in commands})


def test_every_recipe_has_a_command() -> None:
    """The six recipes are found with their commands."""
    assert [
        "Add a question",
        "Add a managed file",
        "Add a rule",
        "Add a plan",
        "Add a chassis module",
        "Add a verb of the command line",
    ] == list(recipes())


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str) -> None:
    """Each command finds what it names: tests are collected, a recipe of just is shown.

    The tests themselves, and the writing of manifests, run elsewhere in this suite.
    """
    words = shlex.split(command)
    if "just" in words:
        words.insert(words.index("just") + 1, "--dry-run")
    else:
        words += ["--collect-only", "-q"]

    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr


def test_a_wrong_command_fails(tmp_path: Path) -> None:
    """A path that does not exist is an error of pytest, so the test above can fail."""
    command = ["uv", "run", "--no-sync", "pytest", "--collect-only", "-q", str(tmp_path / "gone")]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 != done.returncode

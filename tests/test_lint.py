"""This repository keeps its own rules: what `just lint` runs, run."""

import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPE = (ROOT / "justfile").read_text().partition("\nlint:\n")[2].partition("\n\n")[0]
COMMANDS = [line.strip().removeprefix("uv run ") for line in RECIPE.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_lint(command: str) -> None:
    """Format, rules, types and layers are clean."""
    ran = subprocess.run(
        shlex.split(command), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == ran.returncode, ran.stdout + ran.stderr


def test_recipe() -> None:
    """The recipe has a format and a rules command for each configuration, types and layers."""
    tools = [" ".join(command.split()[:2]) for command in COMMANDS]
    names = ("ruff format", "ruff check", "mypy", "lint-imports")
    assert [2, 2, 1, 1] == [tools.count(name) for name in names]

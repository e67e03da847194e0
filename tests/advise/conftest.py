"""Answers to the advisor, and the command in a folder of its own."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from roadbed.advice.rubric import Rubric, load_rubric
from tests.cli.conftest import cli, scratch  # noqa: F401 (fixtures)

SCENARIOS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("scenarios.toml").read_text(encoding="utf-8")
)["scenario"]
RUBRIC = load_rubric()


@pytest.fixture(scope="session")
def ours() -> Rubric:
    """The rubric that is shipped."""
    return RUBRIC


def scenario(name: str) -> dict[str, str]:
    """The answers of a company."""
    found: dict[str, str] = next(it["answers"] for it in SCENARIOS if it["name"] == name)
    return found


def written(path: Path, answers: dict[str, str], head: str = "format = 1\n") -> Path:
    """A file of answers."""
    lines = [f'{key} = "{value}"\n' for key, value in answers.items()]
    path.write_text("".join([head, "[answers]\n", *lines]), encoding="utf-8")
    return path

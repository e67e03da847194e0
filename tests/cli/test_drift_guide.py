"""The guide to drift, lived: its commands run in its order, and its output is what they print."""

import re
import subprocess
from pathlib import Path

import pytest

from roadbed.drift.findings import STATES
from tests.cli.conftest import Cli, commit, git

GUIDE = (Path(__file__).parents[2] / "docs/guide/drift.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
RUFF, JUSTFILE = ".roadbed/ruff.toml", ".roadbed/justfile"


def drift(service: Path) -> None:
    """What the guide says somebody did."""
    path = service / RUFF
    path.write_text(path.read_text().replace("100", "120"))
    (service / JUSTFILE).unlink(missing_ok=True)


def block(start: str) -> tuple[str, list[str]]:
    """The command that begins so, and the lines that the guide shows after it."""
    at = next(number for number, (_, text) in enumerate(BLOCKS) if text.startswith(start))
    shown = [text for kind, text in BLOCKS[at + 1 : at + 2] if kind == "text"]
    return BLOCKS[at][1].strip(), "".join(shown).splitlines()


def follow(cli: Cli, service: Path, start: str) -> None:
    """Type the guide's command, and see that it prints what the guide shows, numbers apart."""
    command, shown = block(start)
    shell = ["sh", "-c", command]
    done = subprocess.run(
        shell, cwd=service, env=dict(cli.environment), capture_output=True, text=True, check=False
    )
    assert "" == done.stderr or start.startswith("copier")
    printed = {numberless(line) for line in done.stdout.splitlines()}
    assert [] == [line for line in shown if numberless(line) not in printed]


def numberless(line: str) -> str:
    """The line without how many files the service has."""
    return re.sub(r"\d+ managed files", "managed files", line)


def test_looking_and_restoring(cli: Cli, service: Path) -> None:
    """The report, the difference, and both ways to have the template's bytes back."""
    for restoring in ("roadbed check --fix", "copier recopy"):
        drift(service)
        follow(cli, service, "roadbed check\n")
        follow(cli, service, "roadbed check --diff")
        follow(cli, service, restoring)
        assert "" == git(service, "status", "--porcelain", "--", ".roadbed")


def test_waiving(cli: Cli, service: Path) -> None:
    """The example of a waiver holds until the day it says."""
    drift(service)
    git(service, "checkout", "--", JUSTFILE)
    (service / "waivers.toml").write_text(block("[[waiver]]")[0])

    follow(cli, service, "roadbed check --as-of")

    assert 1 == cli.run("check", "orders", "--as-of", "2027-02-01").code


def test_taking_over(cli: Cli, service: Path) -> None:
    """A file is the team's, and the platform's again."""
    drift(service)
    git(service, "checkout", "--", JUSTFILE)
    follow(cli, service, "roadbed eject .")
    assert 0 == cli.run("check", "orders").code
    commit(service, "Take it over")
    follow(cli, service, "roadbed eject --undo")
    assert 1 == cli.run("check", "orders").code


@pytest.mark.parametrize("state", STATES)
def test_states(state: str) -> None:
    """The table explains every state there is."""
    table = "".join(line for line in GUIDE.splitlines(keepends=True) if line.startswith("| `"))
    assert f"`{state}`" in table

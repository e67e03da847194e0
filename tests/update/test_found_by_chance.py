"""What the random lives found, each at its least, so that it stays found."""

from pathlib import Path

from roadbed.errors import Exit
from tests.cli.conftest import Cli, commit
from tests.update.services import State


def append(service: Path, path: str, line: str) -> None:
    """The team writes a line and commits it."""
    with (service / path).open("a") as file:
        file.write(f"{line}\n")
    commit(service, "Work")


def test_taking_back_a_file_that_the_template_dropped(service: Path, roadbed: Cli) -> None:
    """An edited file that the release drops is in conflict; --abort leaves it as it was."""
    append(service, ".dockerignore", "!ours/")
    before = State.of(service).beside_journal()

    assert Exit.CONFLICTS == roadbed.run("update", "--no-lock", "--to", "v2.0.0").code
    assert Exit.FINE == roadbed.run("update", "--abort").code

    assert [] == before.differences(State.of(service).beside_journal())

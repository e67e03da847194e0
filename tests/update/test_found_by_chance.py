"""What the random lives found, each at its least, so that it stays found."""

from pathlib import Path

from roadbed.errors import Exit
from roadbed.service.interruption import MARKER
from tests.cli.conftest import Cli, commit, git
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


def test_killed_before_the_marker_went(service: Path, roadbed: Cli) -> None:
    """All is written but the marker is there still: the command names the ways out as git does."""
    assert Exit.FINE == roadbed.run("update", "--no-lock", "--to", "v1.1.0").code
    (service / MARKER).touch()

    assert MARKER in git(service, "status")
    roadbed.run("update").refused(Exit.USAGE, "--continue", "--abort")


def test_a_renamed_file_that_the_merge_follows(service: Path, roadbed: Cli) -> None:
    """A merged file renamed inside what is merged takes the release's line, and nothing is lost."""
    (service / "compose.yaml").rename(service / "compose.txt")
    (service / "compose.yaml").mkdir()
    (service / "compose.txt").rename(service / "compose.yaml/compose.yaml")
    commit(service, "Move")

    ran = roadbed.run("update", "--no-lock", "--to", "v1.1.0")

    assert "postgres:18.6" in (service / "compose.yaml/compose.yaml").read_text()
    assert Exit.FINE == ran.code, ran.out


def test_undoing_killed_before_the_marker_went(service: Path, roadbed: Cli) -> None:
    """All is undone but the marker is there still: --abort, as git names it, takes it away."""
    roadbed.run("update", "--no-lock", "--to", "v1.1.0")
    roadbed.run("update", "--abort")
    (service / MARKER).touch()

    assert Exit.FINE == roadbed.run("update", "--abort").code
    assert "" == git(service, "status", "--porcelain")


def test_folders_that_git_does_not_know(service: Path, roadbed: Cli) -> None:
    """A managed file that was deleted comes back, also where empty folders lie in its place."""
    path = service / ".roadbed/policy.toml"
    path.unlink()
    (path / "empty").mkdir(parents=True)
    commit(service, "Drop it")

    ran = roadbed.run("update", "--no-lock", "--to", "v1.1.0")

    assert (Exit.FINE, True) == (ran.code, path.is_file()), ran.err

"""What ships is held to the lint and the types that its users' repositories are held to."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
RUFF = HERE / "../../templates/_shared/.roadbed/ruff.toml"
SOURCES = [HERE / "../../chassis/src", HERE / "../../devissuer/src"]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment in the folder of the tests."""
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=HERE, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff_is_clean_with_the_managed_configuration(command: list[str]) -> None:
    """The file is the one that every generated repository gets."""
    done = run("ruff", *command, "--config", RUFF, *SOURCES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)  # without a cache both frameworks and their stubs are read
def test_mypy_is_strictly_clean() -> None:
    """The configuration names the chassis, the issuer and their tests."""
    done = run("mypy", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr

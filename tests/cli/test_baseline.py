"""`roadbed-baseline.toml`: what was there before the plan passes, what comes after does not."""

import json
from pathlib import Path

import pytest

from roadbed.service.baseline import BASELINE_FILE, baseline_text
from tests.cli.conftest import Cli

RUFF = ".roadbed/ruff.toml"
HOTFIX = ".roadbed/hotfix.py"


@pytest.fixture
def recorded(service: Path) -> Path:
    """A service with an edited and an added file that are on record."""
    (service / RUFF).write_text("# ours\n")
    (service / HOTFIX).touch()
    text = baseline_text([("diverged", RUFF), ("unexpected", HOTFIX)])
    (service / BASELINE_FILE).write_text(text)
    return service


@pytest.mark.usefixtures("recorded")
def test_on_record(cli: Cli) -> None:
    """What is on record is shown, and passes."""
    ran = cli.run("check", "orders")

    assert 0 == ran.code
    assert ran.out.splitlines() == [
        f"{RUFF}  diverged, on record",
        f"{HOTFIX}  unexpected, on record",
        "",
        "3 managed files are as the template (v1.0.0) made them; 2 on record.",
    ]
    report = json.loads(cli.run("check", "orders", "--json").out)
    assert [(True, False)] * 2 == [(it["on_record"], it["fails"]) for it in report["findings"]]


def test_another_state(cli: Cli, recorded: Path) -> None:
    """A file that is on record for one thing fails for another, and the entry is out of date."""
    (recorded / RUFF).unlink()

    ran = cli.run("check", "orders")

    assert 1 == ran.code
    assert "1 baseline-fixed, 1 missing, 1 on record, of 4 managed files." in ran.out
    assert f"baseline-fixed {RUFF} (diverged)" in ran.out


def test_it_only_shrinks(cli: Cli, recorded: Path) -> None:
    """An entry whose finding is gone has to go, so that the finding cannot come back."""
    (recorded / HOTFIX).unlink()

    ran = cli.run("check", "orders")

    assert 1 == ran.code
    assert "baseline-fixed: delete the entry" in ran.out


def test_fix_leaves_it(cli: Cli, recorded: Path) -> None:
    """What was there before the plan is not overwritten by restoring."""
    assert 0 == cli.run("check", "orders", "--fix").code
    assert "# ours\n" == (recorded / RUFF).read_text()


def test_broken(cli: Cli, recorded: Path) -> None:
    """A baseline that cannot be read is no baseline."""
    (recorded / BASELINE_FILE).write_text("[[finding]]\n")
    cli.run("check", "orders").refused(2, BASELINE_FILE, "git checkout")

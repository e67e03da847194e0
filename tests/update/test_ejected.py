"""What a team has taken over by `roadbed eject` is left alone by an update, whoever makes it."""

import shutil
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import Ran, commit
from tests.update.services import Nursery, copier_update, files, roadbed

CHASSIS = ".roadbed/chassis/src/chassis"
LOGS, LEGACY, WORKFLOW = f"{CHASSIS}/logs.py", f"{CHASSIS}/legacy.py", ".github/workflows/_test.yml"


@pytest.fixture
def service(home: Path, history: Path, nursery: Nursery, tmp_path: Path) -> Path:
    """A service that took over a file it edited, one it leaves as it is, and one it deleted."""
    assert home
    made = nursery.born(history, "v1.0.0", tmp_path / "service", plan="hybrid")
    for path in (LOGS, LEGACY, WORKFLOW):
        assert Exit.FINE == roadbed("eject", made / path).code
    (made / LOGS).write_text("OURS = 1\n")
    (made / WORKFLOW).unlink()
    commit(made, "Take files over")
    return made


def update(service: Path, tool: str, version: str) -> Ran:
    """Update with plain Copier, or with us."""
    if tool == "copier":
        return copier_update(service, "--vcs-ref", version)
    return roadbed("update", service, "--no-lock", "--to", version)


@pytest.mark.parametrize("tool", ["copier", "roadbed"])
@pytest.mark.parametrize("version", ["v1.1.0", "v2.0.0"])
def test_an_update_leaves_it_alone(service: Path, tool: str, version: str) -> None:
    """It is neither changed, renamed, removed nor brought back, and all else moves."""
    before = files(service)

    ran = update(service, tool, version)

    after = files(service)
    assert Exit.FINE == ran.code, ran.err
    assert {LOGS, LEGACY} <= set(after)
    assert WORKFLOW not in after
    assert {path: before[path] for path in (LOGS, LEGACY)} == {
        path: after[path] for path in (LOGS, LEGACY)
    }
    assert before[".roadbed/MANIFEST"] != after[".roadbed/MANIFEST"]
    report = roadbed("check", service)
    assert Exit.FINE == report.code, report.out
    assert "3 ejected" in report.out


def test_both_tools_agree(service: Path, tmp_path: Path) -> None:
    """The trees are the same to the byte, the answers file included."""
    plain = shutil.copytree(service, tmp_path / "plain", symlinks=True)

    assert Exit.FINE == update(plain, "copier", "v2.0.0").code
    assert Exit.FINE == update(service, "roadbed", "v2.0.0").code

    assert files(plain) == files(service)

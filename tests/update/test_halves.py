"""A service that still has the other half of the chassis: reported, and removed by an update."""

import shutil
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import commit, git
from tests.update.services import Nursery, conflicted, copier_update, files, roadbed

pytestmark = pytest.mark.usefixtures("home")

CHASSIS = ".roadbed/chassis/src/chassis"
HALVES = {
    "django-monolith": ("django", "fastapi", "app.py"),
    "fastapi-service": ("fastapi", "django", "apps.py"),
}
HALF = pytest.mark.parametrize("plan", HALVES)


def chassis(service: Path) -> set[str]:
    """The folders of halves that a service has."""
    return {path.split("/")[4] for path in files(service) if path.startswith(f"{CHASSIS}/")} & {
        "django",
        "fastapi",
    }


@pytest.fixture
def service(history: Path, nursery: Nursery, tmp_path: Path, plan: str) -> Path:
    """A service of the last release that gave both halves to everybody."""
    return nursery.born(history, "v2.1.0", tmp_path / "orders", plan=plan)


@HALF
def test_an_update_removes_it(service: Path, plan: str) -> None:
    """The other half goes, its own stays, and the check has nothing to say."""
    assert {"django", "fastapi"} == chassis(service)

    updated = roadbed("update", service, "--no-lock")

    assert Exit.FINE == updated.code, updated.err
    assert {HALVES[plan][0]} == chassis(service)
    assert Exit.FINE == roadbed("check", service).code


@HALF
def test_plain_copier_leaves_it(service: Path, plan: str) -> None:
    """Copier deletes nothing that a version excludes; the check reports it, `update` removes it."""
    assert 0 == copier_update(service).code
    commit(service, "Update")
    assert {"django", "fastapi"} == chassis(service)

    checked = roadbed("check", service)
    updated = roadbed("update", service, "--no-lock")

    assert (Exit.FINDINGS, 2) == (checked.code, checked.out.count("  orphan"))
    assert Exit.FINE == updated.code, updated.err
    assert {HALVES[plan][0]} == chassis(service)
    assert Exit.FINE == roadbed("check", service).code


@HALF
def test_an_edit_in_it_is_a_conflict(service: Path, plan: str) -> None:
    """A line of the team's in the other half is not lost with it."""
    _, other, name = HALVES[plan]
    place = service / CHASSIS / other / name
    place.write_text(place.read_text() + "OURS = 1\n")
    commit(service, "Edit the other half")

    updated = roadbed("update", service, "--no-lock")

    assert Exit.CONFLICTS == updated.code
    assert {f"{CHASSIS}/{other}/{name}"} == conflicted(service)
    assert "OURS = 1" in place.read_text()


def test_a_hybrid_keeps_both(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """The update changes nothing there but the version."""
    service = nursery.born(history, "v2.1.0", tmp_path / "orders", plan="hybrid")

    assert Exit.FINE == roadbed("update", service, "--no-lock").code

    assert {"django", "fastapi"} == chassis(service)


@HALF
def test_a_leftover_is_reported_and_removed(service: Path, plan: str) -> None:
    """What came back from an earlier commit is an orphan; the next update removes what nobody
    edited, and leaves the rest to the team."""
    half = f"{CHASSIS}/{HALVES[plan][1]}"
    roadbed("update", service, "--no-lock")
    commit(service, "Update")
    git(service, "checkout", "HEAD~1", "--", half)
    (service / half / "__init__.py").write_text('"""Ours."""\n')
    commit(service, "Bring it back")

    checked = roadbed("check", service)
    updated = roadbed("update", service, "--no-lock")

    assert (Exit.FINDINGS, 2) == (checked.code, checked.out.count("  orphan"))
    assert Exit.FINE == updated.code, updated.err
    assert {f"{half}/__init__.py"} == {path for path in files(service) if path.startswith(half)}
    assert '"""Ours."""\n' == (service / half / "__init__.py").read_text()


@HALF
@pytest.mark.usefixtures("plan")
def test_growth_brings_it_back(service: Path) -> None:
    """A service that grows into a hybrid gets the half that it had lost."""
    roadbed("update", service, "--no-lock")
    commit(service, "Update")

    grown = roadbed("grow", "hybrid", service, "--no-lock")

    assert Exit.FINE == grown.code, grown.err
    assert {"django", "fastapi"} == chassis(service)
    assert Exit.FINE == roadbed("check", service).code


@HALF
def test_an_adopted_service_has_its_own_half(
    history: Path, nursery: Nursery, tmp_path: Path, plan: str
) -> None:
    """A repository that lost its answers comes under its plan with one half."""
    service = nursery.born(history, "v2.2.0", tmp_path / "orders", plan=plan)
    shutil.rmtree(service / ".roadbed")
    (service / ".copier-answers.yml").unlink()
    commit(service, "Lose it")

    adopted = roadbed("adopt", service, "--defaults", f"-dplan={plan}", f"--source={history}")

    assert Exit.FINE == adopted.code, adopted.err
    assert {HALVES[plan][0]} == chassis(service)

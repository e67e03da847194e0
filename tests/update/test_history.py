"""The synthetic history is what its README says, and what the real template would be."""

from pathlib import Path

import pytest

from roadbed.drift.check import check_service
from tests.cli.conftest import git
from tests.update.history.releases import HERE, NEWEST, PLANS, VERSIONS
from tests.update.services import Nursery, files


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_clean_service(
    history: Path, nursery: Nursery, tmp_path: Path, plan: str, version: str
) -> None:
    """Each plan of each release renders, and its managed files are as its manifest says."""
    service = nursery.born(history, version, tmp_path / "orders", plan=plan)

    report = check_service(service)

    assert (version, plan, ()) == (report.version, report.plan, report.findings)
    assert report.checked >= 10


def test_documented(history: Path) -> None:
    """Each tag has a line in the README."""
    told = (HERE / "README.md").read_text()

    assert list(VERSIONS) == git(history, "tag", "--sort=version:refname").splitlines()
    assert [] == [version for version in VERSIONS if f"| {version[1:]} |" not in told]


def test_an_unaffected_plan(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """Release 1.3.0 changes nothing for django-monolith but what the answers file records."""
    before, after = (
        files(nursery.born(history, version, tmp_path / version, plan="django-monolith"))
        for version in ("v1.2.0", "v1.3.0")
    )

    assert {".copier-answers.yml"} == {
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    }


def test_files_change_their_owner(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """Over the history files of each class appear, go and change their class."""
    first, last = (
        set(files(nursery.born(history, version, tmp_path / version, plan="hybrid")))
        for version in (VERSIONS[0], NEWEST)
    )

    assert {
        "Dockerfile",
        ".dockerignore",
        "CODEOWNERS",
        ".roadbed/scripts/build.sh",
    } <= first - last
    assert {"Containerfile", "renovate.json5", ".roadbed/tools/build.sh"} <= last - first
    assert {".editorconfig", "SECURITY.md"} <= first & last

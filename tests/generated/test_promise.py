"""The chassis's promise: it moves with every update, and the seeds that call it never do."""

import re
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import commit, git
from tests.generated.conftest import Project, Suites, written
from tests.update.matrix import VERSIONS
from tests.update.services import Nursery, roadbed


@pytest.fixture(params=VERSIONS)
def updated(
    request: pytest.FixtureRequest, project: Project, released: Path, tmp_path: Path
) -> Project:
    """A service of the plan that was born at an old version, after an update to what lies here."""
    out = tmp_path / "our orders"
    Nursery(tmp_path).born(released, request.param, out, plan=project.plan)
    ran = roadbed("update", out, "--no-lock")
    assert Exit.FINE == ran.code, ran.err
    if git(out, "status", "--porcelain"):  # an update to the same files changes nothing
        commit(out, "Update the platform")
    return Project(out, project.plan, project.environment)


def test_old_seeds_keep_their_suite(updated: Project, project: Project, suites: Suites) -> None:
    """The tests that a service was born with pass on the platform that an update brings.

    Where no seed has changed since, the updated service is the fresh one to the byte, and their
    suite runs once.
    """
    if written(updated) == written(project):
        output = suites.of(project)
    else:
        updated.run("uv sync && uv run just generate")
        output = suites.of(updated)

    assert re.search(r"\d+ passed", output), output

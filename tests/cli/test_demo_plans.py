"""`roadbed demo` on the real templates: a real database, real servers, real requests."""

from pathlib import Path

import pytest

from roadbed.demo.requests import DEMO_REQUESTS
from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    "plan", [pytest.param(plan, marks=pytest.mark.xdist_group(plan)) for plan in DEMO_REQUESTS]
)
def test_plan(cli: Cli, copier_template: Path, scratch: Path, plan: str) -> None:
    """Every request gets the answer that it expects, and no folder is left."""
    ran = cli.run("demo", plan, "--once", f"--source={copier_template}")

    assert 0 == ran.code, ran.err
    assert len(DEMO_REQUESTS[plan]) + 1 == len(ran.out.strip().splitlines())
    assert [] == list(scratch.iterdir())

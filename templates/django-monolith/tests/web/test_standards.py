"""The platform's behavioral standards, one test each: `just test -k AUTH002` runs one of them.

The rules live in the chassis and move with it. A failure says where, and what to do.
"""

import pytest
from chassis.django.conformance.suite import report, system_under_test, test_standard, visits
from django.apps import apps

from tests.web.test_settings import PRODUCTION, signing_key

__all__ = ["report", "system_under_test", "test_standard", "visits"]


@pytest.fixture(scope="session")
def public_routes() -> set[str]:
    """Return the `public_routes` of every app. The platform knows its own public routes."""
    return {"/"} | {
        route for app in apps.get_app_configs() for route in getattr(app, "public_routes", ())
    }


@pytest.fixture(scope="session")
def production() -> dict[str, str]:
    """Return the variables with which production starts."""
    return PRODUCTION | signing_key()

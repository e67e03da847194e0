"""The behavioral rules of a Django half, one test for each rule.

`tests/web/test_standards.py` imports `test_standard` and the fixtures. Two fixtures of its own name
the public routes and the variables with which production starts. `pytest -k AUTH002` runs one rule.
Each run writes `.dev/conformance-web.json`.
"""

from collections.abc import Iterator, Mapping

import pytest

from chassis.conformance import Report, SyncRule, sentence
from chassis.django.conformance.access_lines import AccessLines
from chassis.django.conformance.anonymous_refused import AnonymousRefused
from chassis.django.conformance.bounded_input import BoundedInput
from chassis.django.conformance.bounded_statements import BoundedStatements
from chassis.django.conformance.enqueued_in_transaction import EnqueuedInTransaction
from chassis.django.conformance.fetched_rows import FetchedRows
from chassis.django.conformance.foreign_token_refused import ForeignTokenRefused
from chassis.django.conformance.living_and_ready import LivingAndReady
from chassis.django.conformance.metric_names import MetricNames
from chassis.django.conformance.placeholder_secrets import PlaceholderSecrets
from chassis.django.conformance.problem_details import ProblemDetails
from chassis.django.conformance.production_settings import ProductionSettings
from chassis.django.conformance.reversible_migrations import ReversibleMigrations
from chassis.django.conformance.routes import walk
from chassis.django.conformance.security_headers import SecurityHeaders
from chassis.django.conformance.silent_secrets import SilentSecrets
from chassis.django.conformance.system_under_test import SystemUnderTest, Visit
from chassis.django.conformance.throttled_login import ThrottledLogin
from chassis.service import Service

__all__ = ["RULES", "SystemUnderTest", "report", "system_under_test", "test_standard", "visits"]

RULES: tuple[SyncRule[SystemUnderTest], ...] = (
    AnonymousRefused(),
    ForeignTokenRefused(),
    ThrottledLogin(),
    AccessLines(),
    SilentSecrets(),
    MetricNames(),
    LivingAndReady(),
    ReversibleMigrations(),
    FetchedRows(),
    EnqueuedInTransaction(),
    BoundedStatements(),
    ProblemDetails(),
    BoundedInput(),
    SecurityHeaders(),
    PlaceholderSecrets(),
    ProductionSettings(),
)


@pytest.fixture(scope="session")
def report(roadbed_service: Service) -> Iterator[Report]:
    """Yield the report that collects the findings; it is written after the last rule."""
    collected = Report(roadbed_service, "web", [route.template for route in walk()])
    yield collected
    collected.write()


@pytest.fixture(scope="session")
def visits() -> list[Visit]:
    """Return the list for the responses of all routes, so that they are requested only once."""
    return []


@pytest.fixture
def system_under_test(
    db: None,
    roadbed_service: Service,
    public_routes: set[str],
    production: Mapping[str, str],
    visits: list[Visit],
) -> SystemUnderTest:
    """Return the service in the form that the rules take."""
    return SystemUnderTest(roadbed_service, frozenset(public_routes), production, visits)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_standard(
    rule: SyncRule[SystemUnderTest], system_under_test: SystemUnderTest, report: Report
) -> None:
    """The service passes the rule."""
    findings = list(rule.check(system_under_test))
    report.add(rule, findings)
    if findings:
        # a traceback would only show this line
        pytest.fail(sentence(rule, findings), pytrace=False)

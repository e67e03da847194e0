"""The behavioral rules of an API, as one test for each rule.

`tests/api/test_standards.py` imports `test_standard` and the fixtures; `pytest -k AUTH002`
runs one rule. Each run writes `.dev/conformance-api.json`.
"""

from collections.abc import Iterator

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chassis.conformance import Report, Rule, sentence
from chassis.fastapi.app import Application
from chassis.fastapi.conformance.access_lines import AccessLines
from chassis.fastapi.conformance.anonymous_refused import AnonymousRefused
from chassis.fastapi.conformance.bounded_input import BoundedInput
from chassis.fastapi.conformance.bounded_lists import BoundedLists
from chassis.fastapi.conformance.commit_before_response import CommitBeforeResponse
from chassis.fastapi.conformance.committed_contract import CommittedContract
from chassis.fastapi.conformance.declared_permission import DeclaredPermission
from chassis.fastapi.conformance.foreign_token_refused import ForeignTokenRefused
from chassis.fastapi.conformance.idempotent_writes import IdempotentWrites
from chassis.fastapi.conformance.living_and_ready import LivingAndReady
from chassis.fastapi.conformance.metric_names import MetricNames
from chassis.fastapi.conformance.operation_ids import OperationIds
from chassis.fastapi.conformance.placeholder_secrets import PlaceholderSecrets
from chassis.fastapi.conformance.problem_details import ProblemDetails
from chassis.fastapi.conformance.reversible_migrations import ReversibleMigrations
from chassis.fastapi.conformance.security_headers import SecurityHeaders
from chassis.fastapi.conformance.silent_secrets import SilentSecrets
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.conformance.versioned_paths import VersionedPaths
from chassis.fastapi.requests.routes import walk
from chassis.fastapi.testing import Bearer
from chassis.service import Service

__all__ = ["RULES", "SystemUnderTest", "report", "system_under_test", "test_standard"]

RULES: tuple[Rule[SystemUnderTest], ...] = (
    DeclaredPermission(),
    AnonymousRefused(),
    ForeignTokenRefused(),
    AccessLines(),
    SilentSecrets(),
    MetricNames(),
    LivingAndReady(),
    CommitBeforeResponse(),
    ReversibleMigrations(),
    ProblemDetails(),
    BoundedLists(),
    IdempotentWrites(),
    BoundedInput(),
    CommittedContract(),
    OperationIds(),
    VersionedPaths(),
    SecurityHeaders(),
    PlaceholderSecrets(),
)


@pytest.fixture(scope="session")
def report(app: Application, roadbed_service: Service) -> Iterator[Report]:
    """Collect what the rules find, and write it down when all have run."""
    routes = [f"{' '.join(sorted(entry.methods))} {entry.template}" for entry in walk(app)]
    collected = Report(roadbed_service, "api", routes)
    yield collected
    collected.write()


@pytest.fixture
def system_under_test(
    app: Application, client: httpx2.AsyncClient, bearer: Bearer, signing_key: RSAPrivateKey
) -> SystemUnderTest:
    """Return the service as the rules see it."""
    return SystemUnderTest(app, client, bearer, signing_key)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
async def test_standard(
    rule: Rule[SystemUnderTest], system_under_test: SystemUnderTest, report: Report
) -> None:
    """The service keeps the platform's standard."""
    findings = [finding async for finding in rule.check(system_under_test)]
    report.add(rule, findings)
    if findings:
        # the sentence says it all; a traceback would only show this line
        pytest.fail(sentence(rule, findings), pytrace=False)

"""OBS005."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import override

from django.conf import settings

from chassis.conformance import Finding, Level, SyncRule
from chassis.django import health
from chassis.django.conformance.outage import without_database
from chassis.django.conformance.system_under_test import SystemUnderTest, visitor
from chassis.health import Readiness

_NO = HTTPStatus.SERVICE_UNAVAILABLE


class LivingAndReady(SyncRule[SystemUnderTest]):
    """`/livez` asks nobody; `/readyz` says no before the start has ended and while it drains."""

    id = "OBS005"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Leave both to the platform: a `/livez` that asks the database makes an orchestrator
        restart healthy processes, and a `/readyz` without a draining state loses requests at every
        roll-out. A page that needs the lost database answers 503 with `Retry-After`.
        """
        kept = health.readiness
        try:
            health.readiness = Readiness("database")
            with without_database():
                yield from _expect({"/livez": HTTPStatus.OK, "/readyz": _NO}, "without a database")
                yield from _pages(system)
            health.readiness = Readiness()
            health.readiness.drain()
            yield from _expect({"/livez": HTTPStatus.OK, "/readyz": _NO}, "while draining")
        finally:
            health.readiness = kept


def _expect(expected: dict[str, HTTPStatus], when: str) -> Iterator[Finding]:
    for path, status in expected.items():
        response = visitor().get(path)
        if response.status_code != status:
            yield Finding(path, f"answered {response.status_code} {when}")


def _pages(system: SystemUnderTest) -> Iterator[Finding]:
    """Ask as somebody whose session nobody can look up."""
    client = visitor()
    for path, route in system.reachable:
        if system.is_public(route):
            continue
        client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
        response = client.get(path)
        if response.status_code != _NO or "Retry-After" not in response.headers:
            seen = f"answered {response.status_code} without a database"
            yield Finding(f"GET {route.template}", seen)

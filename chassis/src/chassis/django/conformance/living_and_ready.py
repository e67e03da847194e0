"""OBS005."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import override

from django.conf import settings

from chassis.conformance import Finding, Level, SyncRule
from chassis.django import health
from chassis.django.conformance.outage import without_database
from chassis.django.conformance.system_under_test import SystemUnderTest, anonymous_client
from chassis.health import Readiness

_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


class LivingAndReady(SyncRule[SystemUnderTest]):
    """`/livez` needs no dependency; `/readyz` answers 503 during the start and while draining."""

    id = "OBS005"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Let the platform answer both. If `/livez` queries the database, an outage of the database
        makes the orchestrator restart healthy processes. If `/readyz` has no draining state, every
        rollout loses requests. A page that needs a database that is down answers 503 with
        `Retry-After`.
        """
        original = health.readiness
        try:
            health.readiness = Readiness("database")
            with without_database():
                yield from _expect(
                    {"/livez": HTTPStatus.OK, "/readyz": _UNAVAILABLE}, "without a database"
                )
                yield from _pages(system)
            health.readiness = Readiness()
            health.readiness.drain()
            yield from _expect({"/livez": HTTPStatus.OK, "/readyz": _UNAVAILABLE}, "while draining")
        finally:
            health.readiness = original


def _expect(expected: dict[str, HTTPStatus], when: str) -> Iterator[Finding]:
    for path, status in expected.items():
        response = anonymous_client().get(path)
        if response.status_code != status:
            yield Finding(path, f"answered {response.status_code} {when}")


def _pages(system: SystemUnderTest) -> Iterator[Finding]:
    """Request each page with a session cookie, which cannot be looked up without the database."""
    client = anonymous_client()
    for path, route in system.reachable:
        if system.is_public(route):
            continue
        client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
        response = client.get(path)
        if response.status_code != _UNAVAILABLE or "Retry-After" not in response.headers:
            message = f"answered {response.status_code} without a database"
            yield Finding(f"GET {route.template}", message)

"""AUTH002."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import override

from django.conf import settings
from django.shortcuts import resolve_url

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import Answer, SystemUnderTest, visitor

_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class AnonymousRefused(SyncRule[SystemUnderTest]):
    """Somebody who is not signed in is refused everywhere but at public routes."""

    id = "AUTH002"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """The platform's `LoginRequiredMiddleware` refuses before a view runs. A view that answers
        all the same is marked `login_not_required`, by you or by a third-party app: take the mark
        away, or review it and list the route as public in `tests/web/test_standards.py`. A route
        that could not be asked becomes one with a path converter (`<int:pk>`).
        """
        for route in system.routes:
            if route.path is None:
                yield Finding(route.template, "could not be asked: no example fits its parameters")
            elif not system.is_public(route):
                yield from _knock(route.path, route.template)
        known = {route.template for route in system.routes}
        for template in sorted(system.public - known):
            yield Finding(template, "is listed as public and does not exist")


def _knock(path: str, template: str) -> Iterator[Finding]:
    client = visitor()
    for method, call in (("GET", client.get), ("POST", client.post)):
        response = call(path)
        if response.status_code not in _REFUSED and not _leads_to_login(response):
            seen = f"answered {response.status_code} to somebody who is not signed in"
            yield Finding(f"{method} {template}", seen)


def _leads_to_login(response: Answer) -> bool:
    # the back office's login is a route like any other, and asked like any other
    logins = {resolve_url(name) for name in (settings.LOGIN_URL, "admin:login")}
    return response.headers.get("Location", "").partition("?")[0] in logins

"""AUTH002."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import override

from django.conf import settings
from django.shortcuts import resolve_url

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import (
    Answer,
    SystemUnderTest,
    anonymous_client,
)

_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class AnonymousRefused(SyncRule[SystemUnderTest]):
    """Every route that is not public refuses a caller who is not signed in."""

    id = "AUTH002"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """The platform's `LoginRequiredMiddleware` refuses such a request before the view runs. A
        view that still answers is marked `login_not_required`, by you or by a third-party app.
        Remove the mark, or review the view and list its route as public in
        `tests/web/test_standards.py`. If a route cannot be requested, use a path converter
        (`<int:pk>`) for its parameters.
        """
        for route in system.routes:
            if route.path is None:
                yield Finding(
                    route.template, "cannot be requested: no example value fits its parameters"
                )
            elif not system.is_public(route):
                yield from _request(route.path, route.template)
        known = {route.template for route in system.routes}
        for template in sorted(system.public - known):
            yield Finding(template, "is listed as public and does not exist")


def _request(path: str, template: str) -> Iterator[Finding]:
    client = anonymous_client()
    for method, call in (("GET", client.get), ("POST", client.post)):
        response = call(path)
        if response.status_code not in _REFUSED and not _leads_to_login(response):
            message = f"answered {response.status_code} to a caller who is not signed in"
            yield Finding(f"{method} {template}", message)


def _leads_to_login(response: Answer) -> bool:
    # the back office's login is requested like any other route
    logins = {resolve_url(name) for name in (settings.LOGIN_URL, "admin:login")}
    return response.headers.get("Location", "").partition("?")[0] in logins

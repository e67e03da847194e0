"""API001."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import override

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import (
    Answer,
    SystemUnderTest,
    anonymous_client,
)
from chassis.problems import MEDIA_TYPE

_MEMBERS = {"type", "title", "status", "request_id"}
_JSON = "application/json"
_NOWHERE = "/api/there-is-no-such-path"


class ProblemDetails(SyncRule[SystemUnderTest]):
    """Every error response of the API is a problem document (RFC 9457)."""

    id = "API001"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Raise `ProblemError(409, "slug", "One sentence.")` instead of building an error response;
        the platform translates the exceptions of Django and of the API's framework.
        """
        if not system.api:
            return
        responses = [(_NOWHERE, system.ask("GET", _NOWHERE))]
        for path, route in system.api:
            responses.append((route.template, anonymous_client().get(path)))
            responses += [(route.template, response) for response in _mistakes(system, path)]
        for place, response in responses:
            if response.status_code >= HTTPStatus.BAD_REQUEST and (message := _defect(response)):
                yield Finding(place, message)


def _mistakes(system: SystemUnderTest, path: str) -> Iterator[Answer]:
    yield system.ask("GET", path)
    for body, kind in (("[", _JSON), ('["not", "an", "object"]', _JSON), ("<xml/>", "text/xml")):
        yield system.ask("POST", path, body, content_type=kind)


def _defect(response: Answer) -> str | None:
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"answered {response.status_code}"
    kind = response.headers.get("Content-Type", "nothing")
    if kind != MEDIA_TYPE:
        return f"answered {response.status_code} as {kind} instead of {MEDIA_TYPE}"
    if missing := _MEMBERS - json.loads(response.content).keys():
        return f"answered {response.status_code} without {', '.join(sorted(missing))}"
    return None

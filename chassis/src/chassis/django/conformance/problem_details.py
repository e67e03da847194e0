"""API001."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import override

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.subject import Answer, Subject, visitor
from chassis.problems import MEDIA_TYPE

_MEMBERS = {"type", "title", "status", "request_id"}
_JSON = "application/json"
_NOWHERE = "/api/there-is-no-such-path"


class ProblemDetails(SyncRule[Subject]):
    """Every error of the API is a problem (RFC 9457)."""

    id = "API001"
    level = Level.SILVER

    @override
    def check(self, subject: Subject) -> Iterator[Finding]:
        """Raise `ProblemError(409, "slug", "One sentence.")` instead of building an error response;
        the platform translates what Django and the API's framework raise.
        """
        if not subject.api:
            return
        responses = [(_NOWHERE, subject.ask("GET", _NOWHERE))]
        for path, route in subject.api:
            responses.append((route.template, visitor().get(path)))
            responses += [(route.template, response) for response in _mistakes(subject, path)]
        for place, response in responses:
            if response.status_code >= HTTPStatus.BAD_REQUEST and (seen := _wrong(response)):
                yield Finding(place, seen)


def _mistakes(subject: Subject, path: str) -> Iterator[Answer]:
    yield subject.ask("GET", path)
    for body, kind in (("[", _JSON), ('["not", "an", "object"]', _JSON), ("<xml/>", "text/xml")):
        yield subject.ask("POST", path, body, content_type=kind)


def _wrong(response: Answer) -> str | None:
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"answered {response.status_code}"
    kind = response.headers.get("Content-Type", "nothing")
    if kind != MEDIA_TYPE:
        return f"answered {response.status_code} as {kind} instead of {MEDIA_TYPE}"
    if missing := _MEMBERS - json.loads(response.content).keys():
        return f"answered {response.status_code} without {', '.join(sorted(missing))}"
    return None

"""API004."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import override

from django.conf import settings

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.routes import fields
from chassis.django.conformance.system_under_test import Answer, SystemUnderTest, Visit
from chassis.django.errors import API_PREFIX

_NUL = "a\x00b"
_QUERY = ("q", "page", "limit", "offset", "status", "next")
_MAX_BYTES = 20_000_000  # of a body without files
_TOO_LARGE = b'"' + b"x" * _MAX_BYTES + b'"'
_TOO_DEEP = b"[" * 200_000
_JSON = "application/json"


class BoundedInput(SyncRule[SystemUnderTest]):
    """NUL characters, very large bodies and deeply nested bodies are refused without a crash."""

    id = "API004"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Read input with forms, serializers or schemas. Give their text fields a `max_length`;
        they also refuse NUL, which PostgreSQL cannot store. Keep a limit in
        `DATA_UPLOAD_MAX_MEMORY_SIZE`.
        """
        for name in ("DATA_UPLOAD_MAX_MEMORY_SIZE", "DATA_UPLOAD_MAX_NUMBER_FIELDS"):
            if not 0 < (getattr(settings, name) or 0) <= _MAX_BYTES:
                yield Finding(name, f"is {getattr(settings, name)}")
        for visit in system.visits:
            for kind, response in _hostile(system, visit, visit.route.path or ""):
                if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    message = f"answered {response.status_code} to {kind}"
                    yield Finding(visit.route.template, message)


def _hostile(system: SystemUnderTest, visit: Visit, path: str) -> Iterator[tuple[str, Answer]]:
    page = visit.response
    text = "" if page.streaming else page.content.decode(errors="replace")
    names = fields(text) if "html" in page.headers.get("Content-Type", "") else frozenset()
    query = dict.fromkeys((*_QUERY, *sorted(names)), _NUL)
    yield "NUL in its query", system.ask("GET", path, query)
    if names:
        yield "NUL in its form", system.ask("POST", path, dict.fromkeys(sorted(names), _NUL))
    if path.startswith(API_PREFIX):
        yield "NUL in its body", system.ask("POST", path, {"query": _NUL}, content_type=_JSON)
        yield "a body of 20 MB", system.ask("POST", path, _TOO_LARGE, content_type=_JSON)
        yield "a body 200,000 levels deep", system.ask("POST", path, _TOO_DEEP, content_type=_JSON)

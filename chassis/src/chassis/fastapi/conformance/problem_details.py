"""API001."""

from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any, override

import httpx2

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import Operation, SystemUnderTest
from chassis.problems import MEDIA_TYPE

_MEMBERS = {"type", "title", "status", "request_id"}


class ProblemDetails(Rule[SystemUnderTest]):
    """Every error response is a problem document (RFC 9457) that the contract declares."""

    id = "API001"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Raise `ProblemError(409, "slug", "One sentence.")` instead of building an error response,
        and declare the status: `@router.post(…, responses=declared(409))`.
        """
        nowhere = await system.ask("GET", "/there-is-no-such-path")
        if seen := _wrong(nowhere, {"404"}):
            yield Finding("GET /there-is-no-such-path", seen)
        for operation in system.operations:
            for options in _mistakes(operation):
                answer = await system.ask(operation.method, operation.url, **options)
                if answer.is_error and (seen := _wrong(answer, set(operation.spec["responses"]))):
                    yield Finding(operation.name, seen)


def _mistakes(operation: Operation) -> Iterator[dict[str, Any]]:
    yield {}
    yield {"params": dict.fromkeys(operation.parameters("query"), "\x00")}
    if operation.body:
        yield {"json": ["not", "an", "object"]}
        yield {"content": b"<xml/>", "headers": {"Content-Type": "application/xml"}}


def _wrong(answer: httpx2.Response, declared: set[str]) -> str | None:
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"answered {answer.status_code}"
    kind = answer.headers.get("content-type", "")
    if kind != MEDIA_TYPE:
        return f"answered {answer.status_code} as {kind or 'nothing'} instead of {MEDIA_TYPE}"
    if missing := _MEMBERS - answer.json().keys():
        return f"answered {answer.status_code} without {', '.join(sorted(missing))}"
    if str(answer.status_code) not in declared:
        return f"answered {answer.status_code}, which the contract does not declare"
    return None

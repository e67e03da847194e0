"""API004."""

from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any, override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import Operation, SystemUnderTest

_TOO_LARGE = b'"' + b"x" * 20_000_000 + b'"'
_TOO_DEEP = b"[" * 200_000
_JSON = {"Content-Type": "application/json"}


class BoundedInput(Rule[SystemUnderTest]):
    """NUL characters, very large bodies and deeply nested bodies are refused without a crash."""

    id = "API004"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Declare free text as `PlainText` (`chassis.fastapi.data.fields`) with a `max_length`; it
        refuses NUL, which PostgreSQL cannot store. Keep a limit in `max_body_size`.
        """
        for operation in system.operations:
            for kind, options in _hostile(operation, system):
                answer = await system.ask(operation.method, operation.url, **options)
                crashed = answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
                if crashed or ("content" in options and answer.is_success):
                    yield Finding(operation.name, f"answered {answer.status_code} to {kind}")


def _hostile(operation: Operation, system: SystemUnderTest) -> Iterator[tuple[str, dict[str, Any]]]:
    if query := operation.parameters("query"):
        yield "NUL in its query", {"params": dict.fromkeys(query, "a\x00b")}
    if operation.body:
        yield "NUL in its body", {"json": system.sample(operation.body, "a\x00b")}
        yield "a body of 20 MB", {"content": _TOO_LARGE, "headers": _JSON}
        yield "a body 200,000 levels deep", {"content": _TOO_DEEP, "headers": _JSON}

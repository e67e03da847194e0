"""OBS001."""

from collections.abc import AsyncIterator
from typing import Any, override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest

_FIELDS = {"request_id", "trace_id", "route", "status", "duration_ms", "service", "outcome"}


class AccessLines(Rule[SystemUnderTest]):
    """Each request writes one JSON log line with its identifiers, route, status and duration."""

    id = "OBS001"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Let the platform's layer write the line. If there is a second line, turn off the server's
        own access log, or the middleware that writes one. If the line is missing, look for code
        that configures logging again after the start.
        """
        for operation in system.operations:
            with system.log() as lines:
                answer = await system.ask(operation.method, operation.url)
            access_lines = [line for line in lines if line.get("event") == "request"]
            if len(access_lines) != 1:
                yield Finding(operation.name, f"left {len(access_lines)} access lines")
            elif seen := _wrong(access_lines[0], operation.path, answer.headers["x-request-id"]):
                yield Finding(operation.name, seen)


def _wrong(line: dict[str, Any], route: str, request_id: str) -> str | None:
    if missing := _FIELDS - line.keys():
        return f"left a line without {', '.join(sorted(missing))}"
    if line["route"] != route:
        return f"is called {line['route']} in its line"
    return None if line["request_id"] == request_id else "was logged under another request id"

"""SEC001."""

from collections.abc import AsyncIterator, Mapping
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest

_EXPECTED: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}


class SecurityHeaders(Rule[SystemUnderTest]):
    """Browsers do not guess content types, or run scripts that are not allowed."""

    id = "SEC001"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """The platform's layer adds `X-Content-Type-Options: nosniff` and a
        `Content-Security-Policy` that begins with `default-src 'none'`. If a page of your
        own needs more, set a policy that keeps this beginning and adds only those sources.
        """
        for operation in system.operations:
            if operation.method != "GET":
                continue
            answer = await system.ask("GET", operation.url)
            for header, beginning in _EXPECTED.items():
                seen = answer.headers.get(header, "")
                if not seen.startswith(beginning):
                    yield Finding(operation.name, f"answered with {header}: {seen or 'nothing'}")

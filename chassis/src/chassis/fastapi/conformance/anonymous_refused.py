"""AUTH002."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.every_route import REFUSED, request_every_route
from chassis.fastapi.conformance.system_under_test import SystemUnderTest


class AnonymousRefused(Rule[SystemUnderTest]):
    """Every route that is not public refuses a caller without a token."""

    id = "AUTH002"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """The platform's request layer refuses such a request before routing. A route that still
        answers was added outside the layer: serve the `Application` itself, and add middleware with
        `app.add_middleware`, which puts it inside the layer.
        """
        async for place, status in request_every_route(system, headers={}):
            if status != REFUSED:
                yield Finding(place, f"answered {status} to a caller without a token")

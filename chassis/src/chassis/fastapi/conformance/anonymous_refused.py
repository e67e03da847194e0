"""AUTH002."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance import knocking
from chassis.fastapi.conformance.subject import Subject


class AnonymousRefused(Rule[Subject]):
    """Somebody without a token is refused everywhere but at public routes."""

    id = "AUTH002"
    level = Level.BRONZE

    @override
    async def check(self, subject: Subject) -> AsyncIterator[Finding]:
        """The platform's request layer refuses before anything is routed. A route that answers all
        the same was added around it: serve the `Application` itself, and add middleware with
        `app.add_middleware`, which puts it inside the layer.
        """
        async for place, status in knocking.on_every_door(subject, headers={}):
            if status != knocking.REFUSED:
                yield Finding(place, f"answered {status} to a caller without a token")

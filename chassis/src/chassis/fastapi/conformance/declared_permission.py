"""AUTH001."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.access import undecided
from chassis.fastapi.conformance.subject import Subject


class DeclaredPermission(Rule[Subject]):
    """Every route says who may call it: a permission, any caller with a token, or anybody."""

    id = "AUTH001"
    level = Level.BRONZE

    @override
    async def check(self, subject: Subject) -> AsyncIterator[Finding]:
        """Add the permission to the route, or another mark where it needs none:

        ```python
        @router.get("/orders", dependencies=[Depends(requires("orders:read"))])
        @router.get("/me", dependencies=[Depends(authenticated)])
        @router.post("/sign-up", dependencies=[Depends(public)])
        ```
        """
        for entry in undecided(subject.app, known=subject.app.platform.named):
            yield Finding(entry.template, "does not say who may call it")

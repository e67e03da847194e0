"""AUTH001."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.security.declared_permissions import undecided


class DeclaredPermission(Rule[SystemUnderTest]):
    """Every route declares its callers: a permission, any caller with a token, or the public."""

    id = "AUTH001"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Add the permission to the route, or one of the other marks if it needs none:

        ```python
        @router.get("/orders", dependencies=[Depends(requires("orders:read"))])
        @router.get("/me", dependencies=[Depends(authenticated)])
        @router.post("/sign-up", dependencies=[Depends(public)])
        ```
        """
        for entry in undecided(system.app, known=system.app.platform.named):
            yield Finding(entry.template, "does not declare who may call it")

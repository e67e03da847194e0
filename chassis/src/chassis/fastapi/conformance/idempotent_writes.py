"""API003."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import GRAPHQL, SystemUnderTest
from chassis.idempotency import HEADER


class IdempotentWrites(Rule[SystemUnderTest]):
    """A POST may be sent twice: it takes an Idempotency-Key."""

    id = "API003"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Make the router of `IdempotentRoute` (`chassis.fastapi.requests.idempotency`), and do the
        work through `Session`, so that it commits together with its answer:

        ```python
        router = APIRouter(prefix="/v1/orders", route_class=IdempotentRoute)
        ```

        Public operations and GraphQL are left out: they know no caller, or no single write.
        """
        for operation in system.operations:
            closed = operation.method == "POST" and operation.takes_token
            if not closed or operation.path == GRAPHQL:
                continue
            if HEADER not in operation.parameters("header"):
                yield Finding(operation.name, f"takes no {HEADER}")

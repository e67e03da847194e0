"""API003."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import GRAPHQL, SystemUnderTest
from chassis.idempotency import HEADER


class IdempotentWrites(Rule[SystemUnderTest]):
    """Every POST takes an Idempotency-Key, so that a client can safely send it again."""

    id = "API003"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Use `IdempotentRoute` (`chassis.fastapi.requests.idempotency`) in the router, and write
        through `Session`, so that the write and its stored response commit together:

        ```python
        router = APIRouter(prefix="/v1/orders", route_class=IdempotentRoute)
        ```

        Public operations are exempt because they have no caller; GraphQL, because one request may
        hold many writes.
        """
        for operation in system.operations:
            closed = operation.method == "POST" and operation.takes_token
            if not closed or operation.path == GRAPHQL:
                continue
            if HEADER not in operation.parameters("header"):
                yield Finding(operation.name, f"takes no {HEADER}")

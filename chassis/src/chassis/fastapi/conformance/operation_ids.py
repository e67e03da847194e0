"""API006."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class OperationIds(Rule[SystemUnderTest]):
    """Operation IDs are unique and in snake case, because clients are generated from them."""

    id = "API006"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Give each route's function a unique name, such as `create_order`: this name is the
        operation ID. Do not set `operation_id=` or `generate_unique_id_function=`.
        """
        named = {item.name: item.spec.get("operationId", "") for item in system.operations}
        times = Counter(named.values())
        for place, name in named.items():
            if not _NAME.fullmatch(name):
                yield Finding(place, f"is called {name!r}")
            elif times[name] > 1:
                yield Finding(place, f"shares the name {name} with another operation")

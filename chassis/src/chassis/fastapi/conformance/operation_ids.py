"""API006."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class OperationIds(Rule[SystemUnderTest]):
    """Operation ids are unique names in snake case, which clients are generated from."""

    id = "API006"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """The id is the name of the route's function: give it a name of its own, such as
        `create_order`, and leave `operation_id=` and `generate_unique_id_function=` alone.
        """
        named = {item.name: item.spec.get("operationId", "") for item in system.operations}
        times = Counter(named.values())
        for place, name in named.items():
            if not _NAME.fullmatch(name):
                yield Finding(place, f"is called {name!r}")
            elif times[name] > 1:
                yield Finding(place, f"shares the name {name} with another operation")

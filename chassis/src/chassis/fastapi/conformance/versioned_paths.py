"""API007."""

import re
from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import GRAPHQL, SystemUnderTest

_VERSIONED = re.compile(r"/v\d+/")


class VersionedPaths(Rule[SystemUnderTest]):
    """The path of every operation contains a version."""

    id = "API007"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Give the router a versioned prefix: `APIRouter(prefix="/v1/orders")`. A breaking change
        then gets a second prefix, `/v2`. GraphQL uses deprecation instead.
        """
        for operation in system.operations:
            if not _VERSIONED.match(operation.path) and operation.path != GRAPHQL:
                yield Finding(operation.name, "has no version in its path")

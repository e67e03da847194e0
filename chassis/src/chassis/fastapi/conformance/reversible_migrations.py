"""DATA002."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.data.migrations import script_directory
from chassis.fastapi.testing import round_trip


class ReversibleMigrations(Rule[SystemUnderTest]):
    """Every migration is reversible, and each branch has one head."""

    id = "DATA002"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Write a `downgrade()` that removes everything `upgrade()` creates. Merge two heads:
        `uv run just with-db api alembic merge -m "join" HEAD HEAD`.
        """
        service = system.app.platform.service
        script = script_directory(service)
        heads = script.get_revisions("heads")
        counted = Counter(label for head in heads if head for label in head.branch_labels)
        for branch, count in counted.items():
            if count > 1:
                yield Finding(branch, f"has {count} heads")
        for table in sorted(await asyncio.to_thread(round_trip, service)):
            yield Finding(table, "remains after all migrations are reverted")

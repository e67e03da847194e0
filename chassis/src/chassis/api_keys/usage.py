"""When keys were last used, written once a minute for all of them."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import structlog

from chassis.lending import Connect

_EVERY_SECONDS = 60.0
_UPDATE = """
UPDATE platform.api_key AS key SET last_used_at = greatest(key.last_used_at, used.at)
FROM unnest(%s::uuid[], %s::timestamptz[]) AS used (id, at) WHERE key.id = used.id
"""


class Usage:
    """Remembers uses until the next ``flush``; of a process that is killed a minute is lost."""

    def __init__(self, connect: Connect) -> None:
        """Write by connections that ``connect`` lends."""
        self._connect = connect
        self._used: dict[UUID, datetime] = {}

    def note(self, key: UUID) -> None:
        """Remember that ``key`` is used now."""
        self._used[key] = datetime.now(UTC)

    async def flush(self) -> None:
        """Write what was noted, in one statement."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            async with self._connect() as connection:
                await connection.execute(_UPDATE, [list(used), list(used.values())])
        except Exception as error:  # an observation; it may fail with the database, and comes again
            structlog.get_logger().warning("api_key_usage_lost", error=type(error).__name__)
            self._used = used | self._used

    async def run(self) -> None:
        """Flush every minute until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.flush()

"""The time of last use of API keys, written once a minute for all keys."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import structlog

from chassis.connections import Connector

_EVERY_SECONDS = 60.0
_UPDATE = """
UPDATE platform.api_key AS key SET last_used_at = greatest(key.last_used_at, used.at)
FROM unnest(%s::uuid[], %s::timestamptz[]) AS used (id, at) WHERE key.id = used.id
"""


class Usage:
    """Uses since the last `flush`; a process that is killed loses at most one minute of them."""

    def __init__(self, connect: Connector) -> None:
        """Write through connections from `connect`."""
        self._connect = connect
        self._used: dict[UUID, datetime] = {}

    def note(self, key: UUID) -> None:
        """Remember that `key` is used now."""
        self._used[key] = datetime.now(UTC)

    async def flush(self) -> None:
        """Write the noted uses in one statement."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            async with self._connect() as connection:
                await connection.execute(_UPDATE, [list(used), list(used.values())])
        except Exception as error:  # only statistics: if the database fails, the next flush retries
            structlog.get_logger().warning("api_key_usage_lost", error=type(error).__name__)
            self._used = used | self._used

    async def run(self) -> None:
        """Flush every minute until canceled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.flush()

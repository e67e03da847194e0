"""A small cache that all processes of a service share, in its database.

Use it for values that take longer to compute than a query: up to 64 KiB, for minutes or hours. Any
value can disappear at any time (a crash of the database empties the cache), so no code may depend
on finding one.
"""

from typing import Any

from psycopg import AsyncConnection

from chassis.connections import Connector

LARGEST_VALUE = 65536
LONGEST_KEY = 200
_MOST_ROWS = 50_000


class CacheError(ValueError):
    """A key or value is larger than the cache takes; the text is one sentence."""


class Cache:
    """Values by key; each call is a transaction of its own."""

    def __init__(self, connect: Connector) -> None:
        """Use the database of `connect`."""
        self._connect = connect

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when it is missing or expired."""
        async with self._connect() as connection:
            cursor = await connection.execute(
                "SELECT value FROM platform.cache "
                "WHERE key = %s AND expires_at > clock_timestamp()",
                [_check_key(key)],
            )
            row = await cursor.fetchone()
        return row[0] if row else None

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Keep `value` for `seconds`. Raises CacheError when it is too large."""
        if len(value) > LARGEST_VALUE:
            raise CacheError(
                f"The value of {key!r} has {len(value)} bytes: the cache takes up to "
                f"{LARGEST_VALUE}, keep larger things in a table of their own."
            )
        async with self._connect() as connection:
            await connection.execute(
                "INSERT INTO platform.cache (key, value, expires_at) "
                "VALUES (%(key)s, %(value)s, clock_timestamp() + make_interval(secs => %(for)s)) "
                "ON CONFLICT (key) DO UPDATE "
                "SET value = excluded.value, expires_at = excluded.expires_at",
                {"key": _check_key(key), "value": value, "for": seconds},
            )

    async def forget(self, key: str) -> None:
        """Delete one value, for all processes."""
        async with self._connect() as connection:
            await connection.execute("DELETE FROM platform.cache WHERE key = %s", [_check_key(key)])


async def purge(connection: AsyncConnection[Any], *, most: int = _MOST_ROWS) -> int:
    """Delete expired values and, above `most` values, those that expire first.

    Return the number of deleted values.
    """
    done = await connection.execute(
        "DELETE FROM platform.cache WHERE expires_at < clock_timestamp() OR key IN "
        "(SELECT key FROM platform.cache ORDER BY expires_at DESC OFFSET %s)",
        [most],
    )
    return done.rowcount


def _check_key(key: str) -> str:
    if not key or len(key) > LONGEST_KEY or "\0" in key:
        raise CacheError(f"A key has 1 to {LONGEST_KEY} characters and no NUL: shorten or hash it.")
    return key

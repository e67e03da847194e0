"""Rate limits that all processes of a service share, with a `Retry-After` for refused attempts.

A bucket of `burst` attempts refills evenly and is stored as one point in time (the generic cell
rate algorithm). One statement checks and takes, so two processes never both take the last attempt.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, LiteralString

from psycopg import AsyncConnection

from chassis.connections import Connector
from chassis.problems import ProblemError

_SITE_BITS = 64  # what one customer gets of IPv6, and may choose addresses in
_TAKE: LiteralString = """
WITH taken AS (
    INSERT INTO platform.throttle AS held (key, full_at)
    VALUES (%(key)s, clock_timestamp() + %(each)s)
    ON CONFLICT (key) DO UPDATE
    SET full_at = greatest(held.full_at, clock_timestamp()) + %(each)s
    WHERE held.full_at <= clock_timestamp() + %(others)s
    RETURNING true
)
SELECT EXISTS (SELECT FROM taken),
    (SELECT extract(epoch FROM full_at - clock_timestamp() - %(others)s)::float8
     FROM platform.throttle WHERE key = %(key)s)
"""


@dataclass(frozen=True)
class Limit:
    """A limit of `burst` attempts at once; an empty bucket is full again after `seconds`."""

    name: str
    burst: int
    seconds: float


async def take(connect: Connector, limit: Limit, *who: str) -> None:
    """Count one attempt of `who` (such as an address and an account) against `limit`.

    The attempt counts even if the request fails, because it has a transaction of its own. Raises
    ProblemError 429 `too-many-tries` with `Retry-After` in seconds.
    """
    each = timedelta(seconds=limit.seconds / limit.burst)
    values = {"key": _key(limit, who), "each": each, "others": each * (limit.burst - 1)}
    async with connect() as connection:
        cursor = await connection.execute(_TAKE, values)
        taken, wait = await cursor.fetchone() or (False, None)
    if not taken:
        # no wait: another process took the last attempt while this statement ran
        seconds = max(1, math.ceil(each.total_seconds() if wait is None else wait))
        detail = f"Too many attempts: wait {seconds} seconds before the next."
        raise ProblemError(429, "too-many-tries", detail, headers={"Retry-After": str(seconds)})


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete the buckets that are full again; return how many."""
    done = await connection.execute("DELETE FROM platform.throttle WHERE full_at < now()")
    return done.rowcount


def network(address: str) -> str:
    """Return the key under which attempts from `address` are counted.

    For IPv6 that is the network of the site, because a client can use any address in it.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _SITE_BITS), strict=False))


def _key(limit: Limit, who: tuple[str, ...]) -> bytes:
    parts = (part.encode("utf-8", "surrogatepass") for part in (limit.name, *who))
    return sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()

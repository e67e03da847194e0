"""Limits that all processes of a service share: who tries too often is told when to come back.

A bucket of ``burst`` tries that fills again evenly, kept as one moment (the generic cell rate
algorithm): one statement looks and takes, so two processes never both take the last try.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, LiteralString

from psycopg import AsyncConnection

from chassis.lending import Connect
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
    """``burst`` tries at once; an empty bucket is full again after ``seconds``."""

    name: str
    burst: int
    seconds: float


async def take(connect: Connect, limit: Limit, *who: str) -> None:
    """Count one try of ``who`` (such as an address and an account) against ``limit``.

    It counts whatever becomes of the request, in a transaction of its own. Raises ProblemError 429
    ``too-many-tries`` with ``Retry-After`` in seconds.
    """
    each = timedelta(seconds=limit.seconds / limit.burst)
    given = {"key": _key(limit, who), "each": each, "others": each * (limit.burst - 1)}
    async with connect() as connection:
        cursor = await connection.execute(_TAKE, given)
        taken, wait = await cursor.fetchone() or (False, None)
    if not taken:
        # no wait: somebody else took the last try while this statement ran
        seconds = max(1, math.ceil(each.total_seconds() if wait is None else wait))
        detail = f"Too many tries: wait {seconds} seconds before the next."
        raise ProblemError(429, "too-many-tries", detail, headers={"Retry-After": str(seconds)})


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete the buckets that are full again, which say nothing; return how many."""
    done = await connection.execute("DELETE FROM platform.throttle WHERE full_at < now()")
    return done.rowcount


def network(address: str) -> str:
    """Return what to count a client's ``address`` by: of IPv6 the network of its site, since
    whoever has one address there has all of them."""
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

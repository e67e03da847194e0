"""Circuit breaking: a failing endpoint gets no calls for a while, longer each time.

The state is in the database, so that all workers spare the same endpoints and a restart loses
nothing. After a pause one delivery at a time probes (half-open); the first success closes the
circuit.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection

THRESHOLD = 5
"""Failures without a success between them that open a circuit."""
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_DOUBLINGS = 20

_READ: LiteralString = """
SELECT endpoint, failures >= %(threshold)s, coalesce(paused_until > now(), false)
FROM platform.circuit
"""
# Failures that were under way when the circuit opened are not held against it; a probe's is.
_FAIL: LiteralString = """
INSERT INTO platform.circuit AS c (endpoint, failures, paused_until)
SELECT endpoint, least(n, %(threshold)s), CASE WHEN n >= %(threshold)s THEN now() + %(first)s END
FROM unnest(%(endpoints)s::uuid[], %(counts)s::integer[]) AS failed (endpoint, n)
ORDER BY endpoint
ON CONFLICT (endpoint) DO UPDATE SET
    failures = CASE
        WHEN c.failures < %(threshold)s THEN least(c.failures + excluded.failures, %(threshold)s)
        WHEN c.paused_until <= now() THEN c.failures + 1
        ELSE c.failures END,
    failed_at = now(),
    paused_until = CASE
        WHEN c.failures + excluded.failures < %(threshold)s THEN NULL
        WHEN c.failures < %(threshold)s THEN now() + %(first)s
        WHEN c.paused_until <= now() THEN now() + least(%(longest)s, %(first)s
            * power(2, least(c.failures + 1 - %(threshold)s, %(doublings)s)))
        ELSE c.paused_until END
"""
_LIMITS = {
    "threshold": THRESHOLD,
    "first": _FIRST_PAUSE,
    "longest": _LONGEST_PAUSE,
    "doublings": _MOST_DOUBLINGS,
}


@dataclass(frozen=True)
class Circuits:
    """Endpoints whose circuit is not closed: `paused` ones get nothing, `probing` ones a single
    delivery at a time; `known` are all that failed lately."""

    paused: frozenset[UUID]
    probing: frozenset[UUID]
    known: frozenset[UUID]


CLOSED = Circuits(frozenset(), frozenset(), frozenset())


async def read(connection: AsyncConnection[Any]) -> Circuits:
    """Read the state of all circuits that are not closed."""
    rows = await (await connection.execute(_READ, _LIMITS)).fetchall()
    return Circuits(
        paused=frozenset(key for key, is_open, waits in rows if is_open and waits),
        probing=frozenset(key for key, is_open, waits in rows if is_open and not waits),
        known=frozenset(key for key, *_ in rows),
    )


async def purge(connection: AsyncConnection[Any]) -> int:
    """Forget endpoints whose last failure is a day old, since a pause is an hour at most; return
    how many."""
    done = await connection.execute(
        "DELETE FROM platform.circuit WHERE failed_at < now() - interval '1 day'"
    )
    return done.rowcount


async def record(
    connection: AsyncConnection[Any], *, failures: Mapping[UUID, int], successes: Collection[UUID]
) -> None:
    """Count failures by endpoint, and close the circuits of `successes`."""
    failed = {key: count for key, count in failures.items() if key not in successes}
    if successes:
        statement: LiteralString = "DELETE FROM platform.circuit WHERE endpoint = ANY(%s)"
        await connection.execute(statement, [sorted(successes)])
    if failed:
        values = {"endpoints": list(failed), "counts": list(failed.values())}
        await connection.execute(_FAIL, _LIMITS | values)

"""Writes that may be sent twice: a retry with the same `Idempotency-Key` gets the first answer.

It follows https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header. A duplicate
request in progress never blocks: the advisory lock is tried without waiting, and ends with the
transaction. The outcome is written in the transaction of the work, so that both happen or neither.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from chassis.auth import Principal
from chassis.problems import ProblemError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""A response header: `true` where the work was done by an earlier request."""
LONGEST_KEY = 255
LARGEST_BODY = 65_536
"""The longest response body that is stored, in characters."""
_RETRY_AFTER = {"Retry-After": "1"}
_FRESH = "created_at > now() - interval '24 hours'"
PURGED_AT_ONCE = 10_000
"""The most outcomes that one `purge` deletes, so that it never locks for long."""

_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"
_FIND = f"""
SELECT fingerprint, status, headers, body FROM platform.idempotency WHERE id = %s AND {_FRESH}
"""  # noqa: S608 - constants
_KEEP = """
INSERT INTO platform.idempotency AS kept
    (id, tenant, issuer, subject, route, key, fingerprint, status, headers, body)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    headers = excluded.headers, body = excluded.body, created_at = excluded.created_at
"""
_PURGE = f"""
DELETE FROM platform.idempotency WHERE id IN (
    SELECT id FROM platform.idempotency WHERE NOT {_FRESH} LIMIT {PURGED_AT_ONCE}
)
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Attempt:
    """One request that carries a key.

    `route` is the method and the template of the path; `fingerprint` stands for everything
    that the work depends on (the path, the query and the body).
    """

    caller: Principal
    route: str
    key: str
    fingerprint: bytes

    @cached_property
    def id(self) -> bytes:
        """The unique id: a hash of tenant, issuer, subject, route and key, 32 bytes."""
        caller = self.caller
        parts = [str(caller.tenant), caller.issuer, caller.subject, self.route, self.key]
        return hashlib.sha256(json.dumps(parts).encode()).digest()


@dataclass(frozen=True)
class Outcome:
    """A response as it was sent; `body` is None when it must not be stored."""

    status: int
    headers: Mapping[str, str]
    body: str | None


async def begin(connection: AsyncConnection[Any], attempt: Attempt) -> Outcome | None:
    """Return the stored outcome, or None when the caller must do the work in this transaction.

    Raises ProblemError: 409 `idempotency-in-progress` while another transaction does the work,
    409 `idempotency-answer-not-kept`, 422 `idempotency-key-reused`.
    """
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(_LOCK, [int.from_bytes(attempt.id[:8], signed=True)])
        if await cursor.fetchone() != (True,):
            raise ProblemError(409, "idempotency-in-progress", headers=_RETRY_AFTER)
        # a separate statement, because it must see what the last owner of the lock committed
        await cursor.execute(_FIND, [attempt.id])
        row = await cursor.fetchone()
    if row is None:
        return None
    fingerprint, status, headers, body = row
    if fingerprint != attempt.fingerprint:
        raise ProblemError(422, "idempotency-key-reused", "Use a new key for a different request.")
    if body is None:
        raise ProblemError(
            409, "idempotency-answer-not-kept", "The request succeeded before; look for its result."
        )
    return Outcome(status, json.loads(headers), body)


async def keep(connection: AsyncConnection[Any], attempt: Attempt, outcome: Outcome) -> None:
    """Write `outcome` in the transaction that did the work.

    A body that is too large, or contains a NUL, is not stored.
    """
    body = outcome.body
    if body is not None and (len(body) > LARGEST_BODY or "\0" in body):
        body = None
    caller = attempt.caller
    who = [attempt.id, caller.tenant, caller.issuer, caller.subject, attempt.route, attempt.key]
    what = [attempt.fingerprint, outcome.status, json.dumps(dict(outcome.headers)), body]
    await connection.execute(_KEEP, [*who, *what])


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete outcomes older than a day, ten thousand at most; return how many."""
    return (await connection.execute(_PURGE)).rowcount

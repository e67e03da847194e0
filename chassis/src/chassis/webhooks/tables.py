"""The queue on a domain's own tables, in SQL: what a worker does thousands of times takes no ORM.

The domain makes three tables with a common prefix, and may add columns with defaults of its own:

`<prefix>_endpoint`
    id, tenant_id uuid; url text; event_types text[] (empty: all); enabled boolean; secret,
    previous_secret text (encrypted); previous_until timestamptz; version integer
`<prefix>_event`
    id, tenant_id uuid; type, body text (sent as it is); carried jsonb; created_at timestamptz
`<prefix>_delivery`
    id, tenant_id, endpoint_id, event_id uuid; state text (a `State`); tries integer; attempts
    jsonb (a list); due_at timestamptz (now by default), leased_until timestamptz; an index on
    (endpoint_id, due_at) where state = 'pending'

This list does not grow: whatever the platform needs beyond it lies in its own schema.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, sql
from pydantic_core import to_json

from chassis.problems import ProblemError
from chassis.webhooks.delivery import Attempt, Delivery

# The oldest first, but an endpoint at a time: whatever waits for one, the others get their turn.
# Only endpoints with something pending are looked at, each found by one step into the index; the
# lease is no part of it, so that taking one writes no index. Of two workers that choose the same
# rows one gets them, and the other looks again.
_CLAIM: LiteralString = """
WITH RECURSIVE waiting (endpoint_id) AS (
    (SELECT endpoint_id FROM {delivery} WHERE state = 'pending'
        ORDER BY endpoint_id, due_at LIMIT 1)
    UNION ALL
    SELECT (SELECT d.endpoint_id FROM {delivery} d
            WHERE d.state = 'pending' AND d.endpoint_id > w.endpoint_id
            ORDER BY d.endpoint_id, d.due_at LIMIT 1)
    FROM waiting w WHERE w.endpoint_id IS NOT NULL
), ready AS (
    SELECT e.id, %(per_endpoint)s - coalesce(t.held, 0) AS capacity
    FROM waiting JOIN {endpoint} e ON e.id = waiting.endpoint_id
    LEFT JOIN unnest(%(endpoints)s::uuid[], %(held)s::integer[]) AS t (id, held) ON t.id = e.id
    WHERE e.enabled AND coalesce(t.held, 0) < %(per_endpoint)s
), ranked AS (
    SELECT d.id, d.due_at, row_number() OVER (PARTITION BY ready.id ORDER BY d.due_at) AS rank_
    FROM ready CROSS JOIN LATERAL (
        SELECT id, due_at FROM {delivery}
        WHERE endpoint_id = ready.id AND state = 'pending' AND due_at <= statement_timestamp()
            AND (leased_until IS NULL OR leased_until <= statement_timestamp())
        ORDER BY due_at LIMIT ready.capacity
    ) d
), locked AS (
    SELECT id FROM {delivery}
    WHERE id = ANY(ARRAY(SELECT id FROM ranked ORDER BY rank_, due_at LIMIT %(limit)s))
        AND state = 'pending' AND (leased_until IS NULL OR leased_until <= statement_timestamp())
    FOR UPDATE SKIP LOCKED
)
UPDATE {delivery} d SET leased_until = statement_timestamp() + %(lease)s
FROM {endpoint} e, {event} v
WHERE d.id = ANY(ARRAY(SELECT id FROM locked)) AND e.id = d.endpoint_id AND v.id = d.event_id
RETURNING d.id, d.endpoint_id, d.event_id, e.url, v.body,
    array_remove(ARRAY[e.secret, CASE WHEN e.previous_until > now() THEN e.previous_secret END],
        NULL), d.tries + 1, v.carried, d.due_at
"""
# A replay that was asked for meanwhile has made the delivery due again: the attempt is kept, and
# what it decides is not.
_RECORD: LiteralString = """
UPDATE {delivery} d SET leased_until = NULL,
    state = CASE WHEN d.due_at = o.claimed_by THEN o.state ELSE d.state END,
    tries = CASE WHEN d.due_at = o.claimed_by THEN d.tries + 1 ELSE d.tries END,
    due_at = CASE WHEN d.due_at = o.claimed_by THEN coalesce(o.due_at, d.due_at) ELSE d.due_at END,
    attempts = CASE WHEN jsonb_array_length(d.attempts) < 50 THEN d.attempts
        ELSE d.attempts - 0 END || o.attempt
FROM jsonb_to_recordset(%s::jsonb)
    AS o (id uuid, state text, due_at timestamptz, claimed_by timestamptz, attempt jsonb)
WHERE d.id = o.id AND d.state = 'pending'
"""
# 410 Gone is how a receiver says that it wants no more
_DISABLE: LiteralString = """
UPDATE {endpoint} SET enabled = false, version = version + 1 WHERE id = ANY(%s) AND enabled
"""
_LOCK_TENANT: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 7262345002))"
_COUNT: LiteralString = "SELECT count(*) FROM {endpoint} WHERE tenant_id = %s"
_FAN_OUT: LiteralString = """
INSERT INTO {delivery} (id, tenant_id, endpoint_id, event_id, state, tries, attempts)
SELECT gen_random_uuid(), v.tenant_id, e.id, v.id, 'pending', 0, '[]'
FROM {event} v JOIN {endpoint} e ON e.tenant_id = v.tenant_id
WHERE v.id = ANY(%s) AND e.enabled AND (e.event_types = '{{}}' OR v.type = ANY(e.event_types))
"""
_MARK_DEAD: LiteralString = """
UPDATE {delivery} SET state = 'dead' WHERE id IN (
    SELECT id FROM {delivery}
    WHERE state = 'pending' AND due_at < now() - interval '3 days' LIMIT 10000)
"""
_FORGET: LiteralString = """
DELETE FROM {event} WHERE id IN (
    SELECT id FROM {event} WHERE created_at < now() - interval '30 days' LIMIT 10000)
"""
MOST_ENDPOINTS = 50
"""How many endpoints a tenant may have: every event makes a delivery for each."""


class Tables:
    """The tables of one domain. As a queue see `chassis.webhooks.delivery.Queue`."""

    def __init__(self, prefix: str) -> None:
        """`prefix` is how the names of the tables begin, `webhooks`."""
        self._names = {
            name: sql.Identifier(f"{prefix}_{name}") for name in ("endpoint", "event", "delivery")
        }
        self._claim, self._record = self._format(_CLAIM), self._format(_RECORD)

    async def check_endpoint_limit(self, connection: AsyncConnection[Any], tenant: UUID) -> None:
        """Lock the tenant's limit until the transaction ends; call it before adding an endpoint.

        Raises ProblemError 409 if the tenant has `MOST_ENDPOINTS`.
        """
        # a statement of its own: one that waits for the lock would count what was there before
        await connection.execute(_LOCK_TENANT, [tenant])
        row = await (await connection.execute(self._format(_COUNT), [tenant])).fetchone()
        if row and row[0] >= MOST_ENDPOINTS:
            detail = f"{MOST_ENDPOINTS} endpoints are the most: remove one that is not needed."
            raise ProblemError(HTTPStatus.CONFLICT, "too-many-endpoints", detail)

    async def fan_out(self, connection: AsyncConnection[Any], events: Sequence[UUID]) -> None:
        """Create the deliveries of new events: one for each enabled endpoint that wants the
        type."""
        await connection.execute(self._format(_FAN_OUT), [list(events)])

    async def clean_up(self, connection: AsyncConnection[Any]) -> None:
        """Give up what waited three days beyond its time, because its endpoint stayed broken or
        switched off, and forget events after thirty days; ten thousand of each at most."""
        await connection.execute(self._format(_MARK_DEAD))
        await connection.execute(self._format(_FORGET))

    async def claim(
        self,
        connection: AsyncConnection[Any],
        limit: int,
        *,
        taken: Mapping[UUID, int],
        per_endpoint: int,
        lease: timedelta,
    ) -> list[Delivery]:
        """Lease what is due, in turns between endpoints."""
        values = {
            "limit": limit,
            "per_endpoint": per_endpoint,
            "lease": lease,
            "endpoints": list(taken),
            "held": list(taken.values()),
        }
        rows = await (await connection.execute(self._claim, values)).fetchall()
        return [Delivery(*row) for row in rows]

    async def record(self, connection: AsyncConnection[Any], attempts: Sequence[Attempt]) -> None:
        """Write the outcomes of deliveries, and disable the endpoints that are gone.

        The log keeps the last fifty attempts.
        """
        outcomes = [
            {
                "id": item.delivery.id,
                "state": item.state,
                "due_at": item.due_at,
                "claimed_by": item.delivery.due_at,
                "attempt": item.entry(),
            }
            for item in attempts
        ]
        # one text for all takes a tenth of the time of an array for each column
        await connection.execute(self._record, [to_json(outcomes).decode()])
        answers = ((item.delivery.endpoint, item.answer.status) for item in attempts)
        if gone := [endpoint for endpoint, status in answers if status == HTTPStatus.GONE]:
            await connection.execute(self._format(_DISABLE), [gone])

    def _format(self, statement: LiteralString) -> sql.Composed:
        return sql.SQL(statement).format(**self._names)

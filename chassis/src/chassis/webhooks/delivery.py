"""The delivery worker: claims due deliveries, sends many at once, writes the outcomes.

At least once: a claim is a lease in the database. The deliveries of a killed process become due
again and are repeated under the same `webhook-id`. Claims and outcomes travel in batches, and no
connection is held during a call.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Protocol
from uuid import UUID

from psycopg import AsyncConnection

from chassis import logs, telemetry
from chassis.connections import Connector
from chassis.outgoing import circuit, retries
from chassis.webhooks import signing
from chassis.webhooks.keys import Keyring, KeyringError
from chassis.webhooks.sender import Answer, Sender

IN_FLIGHT = 200
PER_ENDPOINT = 20
"""Deliveries of one endpoint that a process holds at a time: a slow one cannot take every place."""
LEASE = timedelta(seconds=60)
"""A claim's life: more than a wait in the queue, a call and the writing of its outcome."""
_RUN_SECONDS = 15.0
# a transaction that found a waiting job may commit a moment after that job began
_LINGER_SECONDS = 0.25
_PAUSE_SECONDS = 0.02
# what waits here while the database is busy, and what is worth a question to it
_MOST_HELD = 3 * IN_FLIGHT
_SMALLEST_CLAIM = IN_FLIGHT // 2
_USER_AGENT = "Roadbed-Webhooks/1"


class State(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery: the message `event` for `url`.

    `attempt` is the number of the next attempt, from 1. `secrets` are encrypted, and each signs.
    `carried` is the trace to continue. `due_at` identifies the claim: a replay requested meanwhile
    changes it.
    """

    id: UUID
    endpoint: UUID
    event: UUID
    url: str
    body: str
    secrets: Sequence[str]
    attempt: int
    carried: Mapping[str, str]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of an attempt at `at`; a pending delivery is due again at `due_at`."""

    delivery: Delivery
    at: datetime
    answer: Answer
    state: State
    due_at: datetime | None

    def entry(self) -> dict[str, datetime | str | int | None]:
        """Return the entry of this attempt in the delivery's own log."""
        return {
            "at": self.at,
            "status": self.answer.status,
            "error": self.answer.error,
            "duration_ms": self.answer.milliseconds,
        }


class Queue(Protocol):
    """The queue of deliveries; `chassis.webhooks.tables` keeps it in a domain's tables."""

    async def claim(
        self,
        connection: AsyncConnection[Any],
        limit: int,
        *,
        taken: Mapping[UUID, int],
        per_endpoint: int,
        lease: timedelta,
    ) -> Sequence[Delivery]:
        """Claim at most `limit` due deliveries; hide them from other workers for `lease`.

        Each endpoint gets at most `per_endpoint` less its count in `taken`.
        """

    async def record(self, connection: AsyncConnection[Any], attempts: Sequence[Attempt]) -> None:
        """Write the outcomes of claimed deliveries."""


class DeliveryWorker:
    """The delivery worker of one process.

    `run` may be called at any time: a second call makes the current run look again.
    """

    def __init__(
        self, queue: Queue, sender: Callable[[], Sender], keyring: Keyring, connect: Connector
    ) -> None:
        """`sender` makes the sender of a run; `connect` reaches the platform's own tables."""
        self._queue = queue
        self._sender = sender
        self._keyring = keyring
        self._connect = connect
        self._again = False
        self._running = False

    async def run(self, *, seconds: float = _RUN_SECONDS, linger: float = _LINGER_SECONDS) -> bool:
        """Deliver until nothing was due for `linger` seconds; return whether time ran out first.

        After `seconds` nothing more is claimed, so that a worker can stop. Raises the queue's
        exceptions; unfinished deliveries become due again when their lease ends.
        """
        self._again = True
        if self._running:
            return False
        self._running = True
        ends = time.monotonic() + seconds
        try:
            while self._again and time.monotonic() < ends:
                self._again = False
                # closing it takes a moment, in which another call may come
                async with self._sender() as sender:
                    await self._drain(_Run(self._queue, self._connect, ends, linger), sender)
            return time.monotonic() >= ends
        finally:
            self._running = False

    async def _drain(self, run: "_Run", sender: Sender) -> None:
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(run.write())
            async with asyncio.TaskGroup() as senders:
                senders.create_task(run.fill())
                for _ in range(IN_FLIGHT):
                    senders.create_task(self._send(run, sender))
            run.finish()
            await writing

    async def _send(self, run: "_Run", sender: Sender) -> None:
        while (delivery := await run.take()) is not None:
            run.put(await self._attempt(delivery, sender))

    async def _attempt(self, delivery: Delivery, sender: Sender) -> Attempt:
        with telemetry.resume(delivery.carried, name="webhook", kind="client"):
            answer = await self._call(delivery, sender)
            attempt = judge(delivery, answer)
            logs.known(
                "webhook",
                delivery_id=delivery.id,
                endpoint_id=delivery.endpoint,
                event_id=delivery.event,
                attempt=delivery.attempt,
                status=answer.status,
                error=answer.error,
                outcome=attempt.state,
                duration_ms=answer.milliseconds,
            )
        return attempt

    async def _call(self, delivery: Delivery, sender: Sender) -> Answer:
        try:
            keys = [signing.key(self._keyring.decrypt(item)) for item in delivery.secrets]
        except (KeyringError, ValueError):
            return Answer(None, "secret", 0)
        body = delivery.body.encode()
        headers = signing.headers(keys, message=str(delivery.event), at=int(time.time()), body=body)
        headers["Content-Type"] = "application/json"
        headers["User-Agent"] = _USER_AGENT
        if trace := telemetry.carried().get("traceparent"):
            headers["traceparent"] = trace
        return await sender.post(delivery.url, body, headers)


def judge(delivery: Delivery, answer: Answer) -> Attempt:
    """Return the outcome of an answer: delivered, retry, or dead.

    Dead means too many attempts, or 410 Gone, by which a receiver unsubscribes.
    """
    now = datetime.now(UTC)
    if answer.ok:
        return Attempt(delivery, now, answer, State.DELIVERED, None)
    if delivery.attempt >= retries.ATTEMPTS or answer.status == HTTPStatus.GONE:
        return Attempt(delivery, now, answer, State.DEAD, None)
    due = now + retries.wait(delivery.attempt, retry_after=answer.retry_after)
    return Attempt(delivery, now, answer, State.PENDING, due)


class _Run:
    """The deliveries of one run: waiting, in progress, waiting to be written."""

    def __init__(self, queue: Queue, connect: Connector, ends: float, linger: float) -> None:
        self._queue = queue
        self._connect = connect
        self._ends = ends
        self._linger = linger
        self._circuits = circuit.CLOSED
        self._waiting: asyncio.Queue[tuple[float, Delivery] | None] = asyncio.Queue()
        self._held: Counter[UUID] = Counter()
        self._done: list[Attempt] = []
        self._unwritten = 0
        self._finished = False
        # one connection at a time: a worker's pool also serves its other jobs
        self._database_lock = asyncio.Lock()

    async def fill(self) -> None:
        """Claim while deliveries are due and time is left; then let the senders finish."""
        quiet_since = time.monotonic()
        while (now := time.monotonic()) < self._ends:
            room = _MOST_HELD - self._held.total()
            claimed = await self._claim(room) if room >= _SMALLEST_CLAIM else 0
            if claimed or self._held.total() or self._unwritten:
                quiet_since = now
            elif now - quiet_since >= self._linger:
                break
            if claimed == 0 or claimed < room:
                await asyncio.sleep(_PAUSE_SECONDS)
        for _ in range(IN_FLIGHT):
            self._waiting.put_nowait(None)

    async def take(self) -> Delivery | None:
        """Wait for the next delivery; return None at the end."""
        while (item := await self._waiting.get()) is not None:
            usable_until, delivery = item
            if time.monotonic() < usable_until:
                return delivery
            # another worker may have it by now
            self._held[delivery.endpoint] -= 1
        return None

    def put(self, attempt: Attempt) -> None:
        """Queue an outcome for writing."""
        self._held[attempt.delivery.endpoint] -= 1
        self._done.append(attempt)
        self._unwritten += 1

    def finish(self) -> None:
        """Signal that no outcome will follow."""
        self._finished = True

    async def write(self) -> None:
        """Write outcomes in batches until the end."""
        while self._done or not self._finished:
            if batch := self._done:
                self._done = []
                async with self._database_lock, self._connect() as connection:
                    await self._queue.record(connection, batch)
                    await self._update_circuits(connection, batch)
                self._unwritten -= len(batch)
            await asyncio.sleep(0 if self._finished else _PAUSE_SECONDS)

    async def _claim(self, limit: int) -> int:
        usable_until = time.monotonic() + LEASE.total_seconds() / 2
        async with self._database_lock, self._connect() as connection:
            taken = await self._taken(connection)
            claimed = await self._queue.claim(
                connection, limit, taken=taken, per_endpoint=PER_ENDPOINT, lease=LEASE
            )
        for delivery in claimed:
            self._held[delivery.endpoint] += 1
            self._waiting.put_nowait((usable_until, delivery))
        return len(claimed)

    async def _taken(self, connection: AsyncConnection[Any]) -> dict[UUID, int]:
        """Count the places that each endpoint has taken, all of them where its circuit is open."""
        self._circuits = await circuit.read(connection)
        taken = {key: count for key, count in self._held.items() if count}
        for key in self._circuits.probing:
            taken[key] = PER_ENDPOINT - (0 if taken.get(key) else 1)
        return taken | dict.fromkeys(self._circuits.paused, PER_ENDPOINT)

    async def _update_circuits(
        self, connection: AsyncConnection[Any], batch: Sequence[Attempt]
    ) -> None:
        """Tell the circuits; a batch of successes at healthy endpoints costs nothing."""
        failures = Counter(item.delivery.endpoint for item in batch if not item.answer.ok)
        successes = {item.delivery.endpoint for item in batch if item.answer.ok}
        recovered = successes & (self._circuits.known | failures.keys())
        if failures or recovered:
            await circuit.record(connection, failures=failures, successes=recovered)

"""The machine that delivers, over a queue in memory, and its circuits, in a real database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import schema, telemetry, testing
from chassis.connections import Connector
from chassis.outgoing import circuit, retries
from chassis.service import Service
from chassis.webhooks import signing
from chassis.webhooks.delivery import (
    IN_FLIGHT,
    PER_ENDPOINT,
    Attempt,
    Delivery,
    DeliveryWorker,
    Queue,
    State,
    judge,
)
from chassis.webhooks.keys import Keyring
from chassis.webhooks.sender import Answer, Sender
from chassis.webhooks.settings import WebhookSettings

KEYRING = Keyring(["k" * 32])
SECRET = signing.new_secret()
ENCRYPTED = KEYRING.encrypt(SECRET)
FINE = Answer(204, None, 1)
BROKEN = Answer(500, None, 1)


@pytest.fixture(scope="module")
def migrated(database_server: None, roadbed_service: Service) -> Iterator[str]:
    """Give the address of a database with the platform's schema, for all of these tests."""
    with testing.database(testing.address(roadbed_service, "api")) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            schema.migrate(connection)
        yield url


@pytest.fixture
def connect(migrated: str) -> Connector:
    """Lend connections to a database without open circuits."""
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute("DELETE FROM platform.circuit")

    @asynccontextmanager
    async def lend() -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        async with await psycopg.AsyncConnection.connect(migrated) as connection:
            yield connection

    return lend


@dataclass
class Row:
    """A delivery as a table would keep it."""

    endpoint: UUID
    id: UUID = field(default_factory=uuid4)
    event: UUID = field(default_factory=uuid4)
    state: State = State.PENDING
    due_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    attempts: list[Attempt] = field(default_factory=list)
    secrets: Sequence[str] = (ENCRYPTED,)
    carried: Mapping[str, str] = field(default_factory=dict)


class Memory(Queue):
    """A queue in memory with the leases of a real one."""

    def __init__(self, *rows: Row) -> None:
        self.rows = {row.id: row for row in rows}
        self.claims: list[int] = []

    async def claim(
        self,
        _connection: object,
        limit: int,
        *,
        taken: Mapping[UUID, int],
        per_endpoint: int,
        lease: timedelta,
    ) -> Sequence[Delivery]:
        now = datetime.now(UTC)
        counts = Counter(taken)
        claimed: list[Delivery] = []
        for row in self.rows.values():
            due = row.state is State.PENDING and row.due_at <= now
            if due and len(claimed) < limit and counts[row.endpoint] < per_endpoint:
                counts[row.endpoint] += 1
                row.due_at = now + lease
                claimed.append(
                    Delivery(
                        row.id, row.endpoint, row.event, "http://x", "{}", row.secrets,
                        len(row.attempts) + 1, row.carried, row.due_at,
                    )
                )  # fmt: skip
        self.claims.append(len(claimed))
        return claimed

    async def record(self, _connection: object, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            row = self.rows[attempt.delivery.id]
            row.attempts.append(attempt)
            row.state = attempt.state
            row.due_at = attempt.due_at or row.due_at

    @property
    def states(self) -> Counter[State]:
        return Counter(row.state for row in self.rows.values())


class Scripted(Sender):
    """Answers without a network, and remembers what was sent."""

    def __init__(self, answer: Callable[[Mapping[str, str]], Answer], seconds: float = 0) -> None:
        super().__init__(WebhookSettings.model_construct(webhook_allow_private=True))
        self.answer = answer
        self.seconds = seconds
        self.sent: list[Mapping[str, str]] = []
        self.now = self.most = 0

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.sent.append(headers)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        return self.answer(headers)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another task brings about; the test's own time limit ends it otherwise."""
    while not condition():  # noqa: ASYNC110 - the condition is of many parts, none of them ours
        await asyncio.sleep(0.002)


def delivery_worker(queue: Queue, sender: Sender, connect: Connector) -> DeliveryWorker:
    """Make a delivery_worker that sends by ``sender``."""
    return DeliveryWorker(queue, lambda: sender, KEYRING, connect)


async def deliver(queue: Queue, sender: Sender, connect: Connector) -> None:
    """Deliver what is due."""
    assert await delivery_worker(queue, sender, connect).run(linger=0) is False


async def test_delivers_everything_once(connect: Connector) -> None:
    """Each delivery is sent and its outcome written, many at a time and no more than allowed."""
    queue = Memory(*(Row(endpoint) for endpoint in [uuid4() for _ in range(50)] for _ in range(20)))
    sender = Scripted(lambda _: FINE, seconds=0.005)
    await deliver(queue, sender, connect)
    assert queue.states == {State.DELIVERED: 1000}
    assert Counter(sent["webhook-id"] for sent in sender.sent) == Counter(
        str(row.event) for row in queue.rows.values()
    )
    assert sender.most == IN_FLIGHT


async def test_signs_with_every_secret_in_force(connect: Connector) -> None:
    """While a secret is changed, receivers with either one can verify."""
    other = signing.new_secret()
    queue = Memory(Row(uuid4(), secrets=(ENCRYPTED, KEYRING.encrypt(other))))
    sender = Scripted(lambda _: FINE)
    await deliver(queue, sender, connect)
    for secret in (SECRET, other):
        signing.verify([signing.key(secret)], sender.sent[0], b"{}")


async def test_continues_the_trace_and_writes_a_line(
    connect: Connector, capsys: pytest.CaptureFixture[str]
) -> None:
    """The receiver sees the trace of the request that posted the event; so does the log."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    queue = Memory(Row(uuid4(), carried={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}))
    sender = Scripted(lambda _: FINE)
    await deliver(queue, sender, connect)
    assert sender.sent[0]["traceparent"].split("-")[1] == trace
    assert telemetry.carried() == {}
    assert "delivered" in capsys.readouterr().out


async def test_a_failure_is_tried_again_later(
    connect: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before its time, and with the next number."""
    monkeypatch.setattr(retries, "wait", lambda *_, **__: timedelta(hours=1))
    queue = Memory(row := Row(uuid4()))
    await deliver(queue, Scripted(lambda _: BROKEN), connect)
    await deliver(queue, Scripted(lambda _: FINE), connect)
    assert (row.state, [attempt.delivery.attempt for attempt in row.attempts]) == ("pending", [1])
    row.due_at = datetime.now(UTC)
    await deliver(queue, Scripted(lambda _: FINE), connect)
    assert (row.state, row.attempts[-1].delivery.attempt) == ("delivered", 2)


async def test_a_secret_that_cannot_be_read_is_a_failure(connect: Connector) -> None:
    """One damaged endpoint does not stop the others, and nothing leaves unsigned."""
    queue = Memory(bad := Row(uuid4(), secrets=("nonsense",)), Row(uuid4()))
    sender = Scripted(lambda _: FINE)
    await deliver(queue, sender, connect)
    assert bad.attempts[0].answer.error == "secret"
    assert (len(sender.sent), queue.states[State.DELIVERED]) == (1, 1)


async def test_a_slow_endpoint_does_not_starve_the_others(connect: Connector) -> None:
    """However much waits for it, it holds a tenth of the places; the others' are done meanwhile."""
    slow, quick = uuid4(), uuid4()
    queue = Memory(*(Row(slow) for _ in range(500)), *(Row(quick) for _ in range(100)))
    hanging: set[str] = {str(row.event) for row in queue.rows.values() if row.endpoint == slow}

    class Hanging(Scripted):
        async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
            self.seconds = 60 if headers["webhook-id"] in hanging else 0
            return await super().post(url, body, headers)

    sender = Hanging(lambda _: FINE)
    running = asyncio.create_task(delivery_worker(queue, sender, connect).run(linger=0))
    await until(lambda: queue.states[State.DELIVERED] == 100)
    assert sender.now == PER_ENDPOINT
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_a_killed_run_held_is_repeated_under_the_same_id(connect: Connector) -> None:
    """A lease ends by itself; the message keeps its name."""
    queue = Memory(row := Row(uuid4()))
    first = Scripted(lambda _: FINE, seconds=60)
    running = asyncio.create_task(delivery_worker(queue, first, connect).run(linger=0))
    await until(lambda: bool(first.sent))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    second = Scripted(lambda _: FINE)
    await deliver(queue, second, connect)
    assert second.sent == []
    row.due_at = datetime.now(UTC)
    await deliver(queue, second, connect)
    assert second.sent[0]["webhook-id"] == first.sent[0]["webhook-id"]
    assert row.state is State.DELIVERED


async def test_a_second_call_makes_the_run_under_way_look_again(connect: Connector) -> None:
    """What was accepted while a run ends is not left to the next minute."""
    queue = Memory(Row(uuid4()))
    sender = Scripted(lambda _: FINE, seconds=0.05)
    made = delivery_worker(queue, sender, connect)
    running = asyncio.create_task(made.run(linger=0))
    await asyncio.sleep(0)
    late = Row(uuid4())
    queue.rows[late.id] = late
    assert await made.run() is False
    await running
    assert queue.states == {State.DELIVERED: 2}


async def test_a_call_while_a_run_says_goodbye_is_heard(connect: Connector) -> None:
    """Closing the sender takes a moment, and what is accepted in it is delivered as well."""
    queue = Memory(Row(uuid4()))

    class Lingering(Scripted):
        async def __aexit__(self, *error: Any) -> None:
            if len(queue.rows) == 1:
                late = Row(uuid4())
                queue.rows[late.id] = late
                assert await made.run() is False
            await super().__aexit__(*error)

    made = DeliveryWorker(queue, lambda: Lingering(lambda _: FINE), KEYRING, connect)
    await made.run(linger=0)
    assert queue.states == {State.DELIVERED: 2}


async def test_a_run_ends_in_time(connect: Connector) -> None:
    """A worker that has to stop does not wait for a queue to empty; it is told that more is due."""
    queue = Memory(*(Row(uuid4()) for _ in range(2000)))
    sender = Scripted(lambda _: FINE, seconds=0.02)
    assert await delivery_worker(queue, sender, connect).run(seconds=0.05, linger=0) is True
    assert 0 < queue.states[State.DELIVERED] < 2000


async def test_a_broken_queue_is_not_swallowed(connect: Connector) -> None:
    """The job that runs the delivery_worker fails then, and is tried again."""

    class Broken(Memory):
        async def claim(self, *_: object, **__: object) -> Sequence[Delivery]:
            raise psycopg.OperationalError("away")

    with pytest.raises(ExceptionGroup):
        await deliver(Broken(), Scripted(lambda _: FINE), connect)


def due(attempt: int, answer: Answer) -> Attempt:
    """Judge the answer of an attempt."""
    claimed = Delivery(uuid4(), uuid4(), uuid4(), "", "", (), attempt, {}, datetime.now(UTC))
    return judge(claimed, answer)


@pytest.mark.parametrize(
    ("attempt", "answer", "state"),
    [
        (1, Answer(200, None, 1), State.DELIVERED),
        (12, Answer(299, None, 1), State.DELIVERED),
        (1, Answer(302, None, 1), State.PENDING),
        (1, Answer(400, None, 1), State.PENDING),
        (1, Answer(None, "timeout", 1), State.PENDING),
        (1, Answer(410, None, 1), State.DEAD),
        (11, BROKEN, State.PENDING),
        (12, BROKEN, State.DEAD),
    ],
)
def test_what_an_answer_means(attempt: int, answer: Answer, state: State) -> None:
    """2xx is delivered; 410 and the twelfth failure are the end; all else is tried again."""
    judged = due(attempt, answer)
    assert judged.state is state
    assert (judged.due_at is not None) == (state is State.PENDING)


def test_waits_grow_and_are_spread() -> None:
    """Full jitter: from a second to a bound that doubles, up to the last try's."""
    for attempt, bound in ((1, 10), (2, 20), (5, 160), (12, 20480), (60, 20480)):
        waits = [retries.wait(attempt).total_seconds() for _ in range(200)]
        assert 1 <= min(waits) <= max(waits) <= bound
        assert len(set(waits)) > 150
    assert retries.wait(1, retry_after=90) >= timedelta(seconds=90)


async def fail(connect: Connector, endpoint: UUID, times: int) -> circuit.Circuits:
    """Count failures of an endpoint and read the circuits."""
    async with connect() as connection:
        await circuit.record(connection, failures={endpoint: times}, successes=())
        return await circuit.read(connection)


async def after_the_pause(connect: Connector) -> circuit.Circuits:
    """Let every pause be over and read the circuits."""
    async with connect() as connection:
        await connection.execute("UPDATE platform.circuit SET paused_until = now()")
    async with connect() as connection:
        return await circuit.read(connection)


async def pause(connect: Connector) -> float:
    """Give the length of the only pause in seconds."""
    async with connect() as connection:
        cursor = await connection.execute(
            "SELECT extract(epoch FROM paused_until - now()) FROM platform.circuit"
        )
        row = await cursor.fetchone()
    assert row is not None
    return round(float(row[0]) / 10) * 10


async def test_a_circuit_opens_after_failures_in_a_row(connect: Connector) -> None:
    """Four are bad luck, the fifth opens it, and a success in between starts the count again."""
    endpoint = uuid4()
    assert (await fail(connect, endpoint, 4)).known == {endpoint}
    async with connect() as connection:
        await circuit.record(connection, failures={}, successes={endpoint})
        assert await circuit.read(connection) == circuit.CLOSED
    assert (await fail(connect, endpoint, 4)).paused == frozenset()
    assert (await fail(connect, endpoint, 1)).paused == {endpoint}


async def test_pauses_grow_with_each_failed_probe(connect: Connector) -> None:
    """What was under way when the circuit opened is not held against it; a probe's failure is."""
    endpoint = uuid4()
    await fail(connect, endpoint, 20)
    await fail(connect, endpoint, 20)
    assert await pause(connect) == 10
    for expected in (20, 40, 80):
        assert (await after_the_pause(connect)).probing == {endpoint}
        assert (await fail(connect, endpoint, 1)).paused == {endpoint}
        assert await pause(connect) == expected
    async with connect() as connection:
        await connection.execute("UPDATE platform.circuit SET failures = 100000")
    await after_the_pause(connect)
    await fail(connect, endpoint, 1)
    assert await pause(connect) == 3600


async def test_a_circuit_that_nobody_asks_about_is_forgotten(connect: Connector) -> None:
    """The endpoint may be gone; a day is longer than any pause."""
    old, new = uuid4(), uuid4()
    await fail(connect, old, 5)
    async with connect() as connection:
        await connection.execute(
            "UPDATE platform.circuit SET failed_at = now() - interval '25 hours'"
        )
    await fail(connect, new, 5)
    async with connect() as connection:
        assert await circuit.purge(connection) == 1
        assert (await circuit.read(connection)).known == {new}


async def test_an_open_circuit_spares_its_endpoint(connect: Connector) -> None:
    """Paused, it gets nothing; then one delivery at a time, until one succeeds."""
    endpoint = uuid4()
    queue = Memory(*(Row(endpoint) for _ in range(100)))
    broken = Scripted(lambda _: BROKEN)
    await deliver(queue, broken, connect)
    assert len(broken.sent) < 100
    sparing = Scripted(lambda _: FINE)
    await deliver(queue, sparing, connect)
    assert sparing.sent == []
    await after_the_pause(connect)
    waiting = [row for row in queue.rows.values() if not row.attempts]
    probing = Scripted(lambda _: FINE, seconds=0.05)
    running = asyncio.create_task(delivery_worker(queue, probing, connect).run(linger=0))
    await until(lambda: queue.states[State.DELIVERED] > 0)
    assert probing.most == 1
    await running
    assert all(row.state is State.DELIVERED for row in waiting)

"""Jobs: enqueued in the session's transaction, run, retried, and joined to their request."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from psycopg.rows import dict_row
from sqlalchemy import text

from chassis import schema, telemetry
from chassis.fastapi.data.db import UNAVAILABLE, Database
from chassis.fastapi.jobs import maintenance
from chassis.fastapi.jobs.tasks import (
    Retry,
    Runtime,
    Task,
    enqueue,
    periodic,
    running,
    task,
    unit_of_work,
)
from chassis.fastapi.settings import IssuerSettings
from chassis.jobs.process import Stop
from chassis.jobs.scheduler import schedule
from chassis.jobs.worker import work
from chassis.service import Service

SOON = Retry(limit=2, first=timedelta(milliseconds=10))
_PATIENCE_SECONDS = 20
END_OF_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def note(what: str) -> None:
    """Write down that a task ran."""
    async with unit_of_work() as session:
        await session.execute(text("INSERT INTO note (what) VALUES (:what)"), {"what": what})


@task(queue="people")
async def greet(who: UUID) -> None:
    """Greet somebody."""
    assert isinstance(who, UUID)
    await note(f"greeted {who}")


@task(retry=SOON)
async def fail(secret: str = "") -> None:
    """Fail, whatever is tried."""
    await note("tried")
    raise RuntimeError("on purpose")


@task(retry=SOON)
async def late() -> None:
    """Fail, once told to go on."""
    await note("tried")
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await _may_go():  # noqa: ASYNC110 - it happens in the database
            await asyncio.sleep(0.05)
    raise RuntimeError("on purpose")


async def _may_go() -> bool:
    async with unit_of_work() as session:
        return bool(await session.scalar(text("SELECT 1 FROM note WHERE what = 'go'")))


@task()
async def nap(seconds: float) -> None:
    """Take some time."""
    await note("began")
    await asyncio.sleep(seconds)
    await note("ended")


@periodic("* * * * * *")
async def tick() -> None:
    """Run every second."""
    await note("tick")


MAINTENANCE = (
    maintenance.recover_stalled_jobs,
    maintenance.delete_finished_jobs,
    maintenance.purge_idempotency,
)
TASKS = (greet, fail, late, nap, tick, *MAINTENANCE)

type Working = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture
def database(database: str) -> str:
    """Give a migrated database with a table that tasks write to."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
        connection.execute("CREATE TABLE note (id serial, what text)")
    return database


@pytest.fixture
async def db(database: str) -> AsyncIterator[Database]:
    """Give sessions on it."""
    made = Database.at(database)
    yield made
    await made.dispose()


@pytest.fixture
def working(database: str, db: Database, service: Service) -> Working:
    """Give workers: ``async with working(*tasks): …``."""
    settings = IssuerSettings.model_validate({"environment": "test", "database_url": database})

    @asynccontextmanager
    async def begin(*tasks: Task[...]) -> AsyncIterator[None]:
        stop, known = Stop(), tasks or TASKS
        async with running(Runtime(settings, service, db, known)):
            run = asyncio.create_task(work(database, known, stop, concurrency=3, grace_seconds=9))
            yield
            stop.requested.set()
            await run

    return begin


def query(database: str, statement: str) -> list[Any]:
    """Return the rows of ``statement``."""
    with psycopg.connect(database, autocommit=True, row_factory=dict_row) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def notes(database: str) -> list[str]:
    """Return what tasks wrote down."""
    return [row["what"] for row in query(database, "SELECT what FROM note ORDER BY id")]


def statuses(database: str) -> list[str]:
    """Return how the jobs stand."""
    return [row["status"] for row in query(database, "SELECT status FROM procrastinate_jobs")]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - it happens in the database
            await asyncio.sleep(0.05)


async def test_job_is_committed_with_its_transaction(db: Database, database: str) -> None:
    """Of a transaction that is rolled back no job is left."""
    async with db.unit_of_work() as session:
        await enqueue(session, greet, who=uuid4())
        await session.rollback()
    assert statuses(database) == []
    async with db.unit_of_work() as session:
        number = await enqueue(session, greet, who=uuid4())
        assert statuses(database) == []
    assert number is not None
    assert statuses(database) == ["todo"]


async def test_waiting_job_is_not_doubled(db: Database, database: str) -> None:
    """With a queueing lock the second job is not enqueued, and the transaction goes on."""
    async with db.unit_of_work() as session:
        first = await enqueue(session, greet, queueing_lock="ada", who=uuid4())
        second = await enqueue(session, greet, queueing_lock="ada", who=uuid4())
        await session.execute(text("INSERT INTO note (what) VALUES ('after')"))
    assert (first is None, second) == (False, None)
    assert (statuses(database), notes(database)) == (["todo"], ["after"])


async def test_job_can_wait(db: Database, database: str) -> None:
    """A job may be enqueued for later."""
    async with db.unit_of_work() as session:
        await enqueue(session, greet, schedule_in=timedelta(hours=1), who=uuid4())
    found = query(database, "SELECT scheduled_at - now() AS ahead FROM procrastinate_jobs")
    assert timedelta(minutes=59) < found[0]["ahead"] < timedelta(minutes=61)


@pytest.mark.parametrize("arguments", [{}, {"who": "nobody"}, {"who": str(UUID(int=1)), "x": 1}])
async def test_wrong_arguments_are_refused_where_they_are_written(
    db: Database, database: str, arguments: dict[str, Any]
) -> None:
    """A job that its task could not take is never enqueued."""
    with pytest.raises(ValueError, match="validation error"):
        async with db.unit_of_work() as session:
            await enqueue(session, greet, **arguments)
    assert statuses(database) == []


async def test_job_belongs_to_the_request_that_enqueued_it(
    db: Database, database: str, working: Working, logged: list[Any]
) -> None:
    """Its line carries the request id and the trace, and says how it went."""
    carried = {"x-request-id": "request-of-ada", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    with telemetry.resume(carried, name="test", kind="internal"):
        async with db.unit_of_work() as session:
            number = await enqueue(session, greet, who=UUID(int=7))
    async with working():
        await until(lambda: statuses(database) == ["succeeded"])
    line = next(event for event in logged if event["event"] == "job")
    assert (line["request_id"], line["trace_id"]) == ("request-of-ada", "a" * 32)
    assert (line["job_id"], line["task"], line["queue"]) == (number, greet.name, "people")
    assert (line["attempt"], line["outcome"], line["duration_ms"] > 0) == (1, "succeeded", True)
    assert notes(database) == [f"greeted {UUID(int=7)}"]


async def test_failing_job_is_tried_again_and_then_stays(
    db: Database,
    database: str,
    working: Working,
    logged: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Three runs with pauses between them, then a dead letter; no argument is ever logged."""
    caplog.set_level("DEBUG")
    async with db.unit_of_work() as session:
        await enqueue(session, fail, secret="never-log-this")
    async with working():
        await until(lambda: statuses(database) == ["failed"])
    runs = [(event["attempt"], event["outcome"]) for event in logged if event["event"] == "job"]
    assert runs == [(1, "to retry"), (2, "to retry"), (3, "dead")]
    assert notes(database) == ["tried"] * 3
    assert "never-log-this" not in caplog.text + repr(logged)


async def test_task_of_a_newer_release_is_left_to_its_workers(
    db: Database, database: str, working: Working, logged: list[Any]
) -> None:
    """A worker that does not know a task puts its job back."""
    async with db.unit_of_work() as session:
        await enqueue(session, greet, who=uuid4())
    async with working(fail):
        await until(lambda: any(event["event"] == "job" for event in logged))
    line = next(event for event in logged if event["event"] == "job")
    assert (line["outcome"], line["error"]) == ("to retry", "UnknownTaskError")
    assert statuses(database) == ["todo"]


async def test_two_schedulers_do_not_double_a_tick(database: str, working: Working) -> None:
    """Of every tick there is one job, however many schedulers run."""
    stop = Stop()
    async with working(tick):
        running = [asyncio.create_task(schedule(database, [tick], stop)) for _ in range(2)]
        await until(lambda: len(notes(database)) >= 3)
        stop.requested.set()
        await asyncio.gather(*running)
    ticks = query(
        database, "SELECT args->>'timestamp', count(*) FROM procrastinate_jobs GROUP BY 1"
    )
    assert {row["count"] for row in ticks} == {1}


async def test_running_job_is_cancelled(db: Database, database: str, working: Working) -> None:
    """A job that an operator cancels stops where it is, and is not tried again."""
    async with db.unit_of_work() as session:
        number = await enqueue(session, nap, seconds=60)
    async with working():
        await until(lambda: notes(database) == ["began"])
        query(database, f"SELECT procrastinate_cancel_job_v1({number}, true, false)")
        await until(lambda: statuses(database) == ["aborted"])
    assert notes(database) == ["began"]


async def test_a_database_lost_while_enqueuing_is_called_that(db: Database, database: str) -> None:
    """A request then gets 503, as if any other statement had met it; the next one is well."""

    async def ask() -> None:
        async with db.unit_of_work() as session:
            await session.execute(text("SELECT 1"))
            query(database, END_OF_CONNECTIONS)
            with pytest.raises(psycopg.OperationalError):
                await enqueue(session, nap, seconds=0)

    with pytest.raises(UNAVAILABLE):
        await ask()
    async with db.unit_of_work() as session:
        assert await enqueue(session, nap, seconds=0)


async def test_worker_outlives_its_connections(
    db: Database, database: str, working: Working
) -> None:
    """A database that ends every connection is waited for, and nothing is lost."""
    alive = "SELECT 1 FROM procrastinate_workers"
    async with working():
        await until(lambda: bool(query(database, alive)))
        async with db.unit_of_work() as session:
            await enqueue(session, nap, seconds=0.5)
        await until(lambda: notes(database) == ["began"])
        query(database, END_OF_CONNECTIONS)
        await until(lambda: "succeeded" in statuses(database))


async def test_outcome_is_recorded_in_spite_of_a_hiccup(
    db: Database, database: str, working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the job would count as running for as long as its worker lives."""
    finish, failures = JobManager.finish_job_by_id_async, [ConnectorException()]

    async def hiccup(self: JobManager, *args: Any, **known: Any) -> None:
        if failures:
            raise failures.pop()
        await finish(self, *args, **known)

    monkeypatch.setattr(JobManager, "finish_job_by_id_async", hiccup)
    async with db.unit_of_work() as session:
        await enqueue(session, greet, who=uuid4())
    async with working():
        await until(lambda: statuses(database) == ["succeeded"])
    assert len(notes(database)) == 1


async def test_abandoned_job_without_retries_left_is_dead(
    db: Database, database: str, working: Working
) -> None:
    """A job that kills its worker does not do so for ever."""
    async with db.unit_of_work() as session:
        await enqueue(session, fail)
        await enqueue(session, nap, seconds=0)
    query(database, "UPDATE procrastinate_jobs SET status = 'doing', attempts = 2")
    async with working():
        async with db.unit_of_work() as session:
            await enqueue(session, maintenance.recover_stalled_jobs)
        await until(lambda: sorted(statuses(database)) == ["failed", "succeeded", "succeeded"])
    assert notes(database) == ["began", "ended"]


async def test_abandoned_jobs_give_way_to_one_that_waits(
    db: Database, database: str, working: Working
) -> None:
    """Of a queueing lock one job waits at most; the others' recovery does not fail for that."""
    for _ in range(3):
        async with db.unit_of_work() as session:
            await enqueue(session, nap, queueing_lock="one", seconds=0)
        query(database, "UPDATE procrastinate_jobs SET status = 'doing'")
    async with db.unit_of_work() as session:
        await enqueue(session, greet, who=uuid4())
    query(database, "UPDATE procrastinate_jobs SET status = 'doing'")
    async with working():
        async with db.unit_of_work() as session:
            await enqueue(session, maintenance.recover_stalled_jobs)
        ended = ["aborted", "aborted", "succeeded", "succeeded", "succeeded"]
        await until(lambda: sorted(statuses(database)) == ended)
    assert notes(database).count("ended") == 1


async def test_failed_job_gives_way_to_one_that_waits(
    db: Database, database: str, working: Working
) -> None:
    """It is not tried again itself when another of its queueing lock is there to be run."""
    async with db.unit_of_work() as session:
        await enqueue(session, late, queueing_lock="one")
    async with working():
        await until(lambda: "tried" in notes(database))
        async with db.unit_of_work() as session:
            later = timedelta(hours=1)
            await enqueue(session, greet, queueing_lock="one", schedule_in=later, who=uuid4())
            await session.execute(text("INSERT INTO note (what) VALUES ('go')"))
        await until(lambda: sorted(statuses(database)) == ["aborted", "todo"])


async def test_finished_jobs_are_forgotten_after_a_while(
    db: Database, database: str, working: Working
) -> None:
    """Dead letters are not."""
    for _ in range(3):
        async with db.unit_of_work() as session:
            await enqueue(session, nap, seconds=0)
    for number, end in ((1, "succeeded"), (2, "failed"), (3, "succeeded")):
        query(database, f"SELECT procrastinate_finish_job_v1({number}, '{end}', false)")
    query(
        database, "UPDATE procrastinate_events SET at = now() - '8 days'::interval WHERE job_id < 3"
    )
    async with working():
        async with db.unit_of_work() as session:
            await enqueue(session, maintenance.delete_finished_jobs)
        await until(lambda: "doing" not in statuses(database) and "todo" not in statuses(database))
    left = query(database, "SELECT id, status FROM procrastinate_jobs WHERE id <= 3 ORDER BY id")
    assert [(row["id"], row["status"]) for row in left] == [(2, "failed"), (3, "succeeded")]


async def test_yesterdays_answers_are_forgotten_in_batches(
    db: Database, database: str, working: Working
) -> None:
    """One run deletes them all, however many there are, and leaves today's."""
    query(
        database,
        "INSERT INTO platform.idempotency (id, tenant, issuer, subject, route, key, fingerprint, "
        "status, headers, created_at) SELECT int4send(n), gen_random_uuid(), '', '', '', '', '', "
        "200, '{}', now() - CASE WHEN n = 0 THEN '1 hour' ELSE '25 hours' END::interval "
        "FROM generate_series(0, 10001) AS n",
    )
    async with working():
        async with db.unit_of_work() as session:
            await enqueue(session, maintenance.purge_idempotency)
        await until(lambda: statuses(database) == ["succeeded"])
    assert query(database, "SELECT count(*) FROM platform.idempotency") == [{"count": 1}]


async def test_unit_of_work_needs_a_worker() -> None:
    """Outside a job there is a sentence instead of a lookup error."""
    with pytest.raises(RuntimeError, match="No job is running: only a worker calls a task"):
        unit_of_work()

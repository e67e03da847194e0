"""Jobs: enqueued in the session's transaction, run once, retried, and joined to their request."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import text

from chassis import schema, telemetry
from chassis.fastapi import jobs, upkeep
from chassis.fastapi.db import Database
from chassis.service import Service
from conftest import make_service

TASKS = """
import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from chassis.fastapi import jobs, upkeep
from sqlalchemy import text

SOON = jobs.Retry(limit=2, first=timedelta(milliseconds=50))


async def note(what: str) -> None:
    async with jobs.unit_of_work() as session:
        await session.execute(text("INSERT INTO note (what) VALUES (:what)"), {"what": what})


@jobs.task()
async def greet(who: UUID) -> None:
    structlog.get_logger().info("greeting")
    await note(str(who))


@jobs.task(retry=SOON)
async def fail(secret: str = "") -> None:
    await note("tried")
    raise RuntimeError("on purpose")


@jobs.task()
async def nap(seconds: float) -> None:
    await note("began")
    await asyncio.sleep(seconds)
    await note("ended")


@jobs.periodic("* * * * * *")
async def tick() -> None:
    await note("tick")
"""
SETTINGS = """
from chassis.fastapi.settings import IssuerSettings as Settings
"""


@jobs.task()
async def greet(who: UUID) -> None:
    """Stand for the task of the same name in the service."""


@jobs.task()
async def nap(seconds: float) -> None:
    """Stand for the task of the same name in the service."""


@jobs.task()
async def fail(secret: str = "") -> None:
    """Stand for the task of the same name in the service."""


for stand_in in (greet, nap, fail):
    stand_in.name = stand_in.name.replace(f"{__name__}.", "api.notes.tasks.")


@pytest.fixture
def database(database: str) -> str:
    """Give a migrated database with a table that tasks write to."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
        connection.execute("CREATE TABLE note (id serial, what text, pid int)")
    return database


@pytest.fixture
async def db(database: str) -> AsyncIterator[Database]:
    """Give sessions on it."""
    made = Database.at(database)
    yield made
    await made.dispose()


@pytest.fixture
def api(tmp_path: Path) -> Service:
    """Give a service whose only domain brings tasks."""
    made = make_service(tmp_path / "service", "api")
    (made.root / "api" / "__init__.py").touch()
    (made.root / "api" / "settings.py").write_text(SETTINGS)
    (made.root / "api" / "notes").mkdir()
    (made.root / "api" / "notes" / "__init__.py").touch()
    (made.root / "api" / "notes" / "tasks.py").write_text(TASKS)
    return made


type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(api: Service, database: str) -> Iterator[Start]:
    """Give what starts a process of the service: ``start("worker", WORKER_CONCURRENCY="1")``."""
    started: list[subprocess.Popen[str]] = []

    def begin(name: str, **environment: str) -> subprocess.Popen[str]:
        known = {"DATABASE_URL": database, "LOG_FORMAT": "json"}
        process = subprocess.Popen(
            [sys.executable, "-m", "chassis", name],
            cwd=api.root,
            env={**os.environ, **known, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def query(database: str, statement: str) -> list[Any]:
    """Return the rows of ``statement``."""
    with psycopg.connect(database, autocommit=True, row_factory=dict_row) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def notes(database: str) -> list[str]:
    """Return what tasks wrote down."""
    return [row["what"] for row in query(database, "SELECT what FROM note ORDER BY id")]


def statuses(database: str) -> list[str]:
    """Return how the jobs of the service's own stand."""
    found = query(
        database,
        "SELECT status FROM procrastinate_jobs WHERE task_name LIKE 'api.%' ORDER BY id",
    )
    return [row["status"] for row in found]


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def ended(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Stop a process and return what it logged."""
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


async def test_job_is_committed_with_its_transaction(db: Database, database: str) -> None:
    """Of a transaction that is rolled back no job is left."""
    async with db.unit_of_work() as session:
        await jobs.enqueue(session, greet, who=uuid4())
        await session.rollback()
    assert statuses(database) == []
    async with db.unit_of_work() as session:
        number = await jobs.enqueue(session, greet, who=uuid4())
        assert statuses(database) == []
    assert number is not None
    assert statuses(database) == ["todo"]


async def test_waiting_job_is_not_doubled(db: Database, database: str) -> None:
    """With a queueing lock the second job is not enqueued, and the transaction goes on."""
    async with db.unit_of_work() as session:
        first = await jobs.enqueue(session, greet, queueing_lock="ada", who=uuid4())
        second = await jobs.enqueue(session, greet, queueing_lock="ada", who=uuid4())
        await session.execute(text("INSERT INTO note (what) VALUES ('after')"))
    assert (first is None, second) == (False, None)
    assert (statuses(database), notes(database)) == (["todo"], ["after"])


async def test_job_can_wait(db: Database, database: str) -> None:
    """A job may be enqueued for later."""
    async with db.unit_of_work() as session:
        await jobs.enqueue(session, greet, schedule_in=timedelta(hours=1), who=uuid4())
    found = query(database, "SELECT scheduled_at - now() AS ahead FROM procrastinate_jobs")
    assert timedelta(minutes=59) < found[0]["ahead"] < timedelta(minutes=61)


@pytest.mark.parametrize("arguments", [{}, {"who": "nobody"}, {"who": str(UUID(int=1)), "x": 1}])
async def test_wrong_arguments_are_refused_where_they_are_written(
    db: Database, database: str, arguments: dict[str, Any]
) -> None:
    """A job that its task could not take is never enqueued."""
    with pytest.raises(ValueError, match="validation error"):
        async with db.unit_of_work() as session:
            await jobs.enqueue(session, greet, **arguments)
    assert statuses(database) == []


async def test_job_belongs_to_the_request_that_enqueued_it(
    db: Database, database: str, start: Start
) -> None:
    """Its lines carry the request id and the trace; one line a run says how it went."""
    carried = {"x-request-id": "request-of-ada", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    who = uuid4()
    with telemetry.resume(carried, name="test", kind="internal"):
        async with db.unit_of_work() as session:
            number = await jobs.enqueue(session, greet, who=who)
    worker = start("worker")
    wait_for(lambda: statuses(database) == ["succeeded"])
    logged = ended(worker)
    own = [line for line in logged if line.get("request_id") == "request-of-ada"]
    assert [line["event"] for line in own] == ["greeting", "job"]
    assert {line["trace_id"] for line in own} == {"a" * 32}
    assert {(line["job_id"], line["task"]) for line in own} == {(number, greet.name)}
    assert {"queue", "attempt", "duration_ms", "outcome"} <= own[1].keys()
    assert (own[1]["attempt"], own[1]["outcome"]) == (1, "succeeded")
    assert notes(database) == [str(who)]


async def test_failing_job_is_tried_again_and_then_stays(
    db: Database, database: str, start: Start
) -> None:
    """Three runs with pauses between them, then a dead letter; no argument is ever logged."""
    async with db.unit_of_work() as session:
        await jobs.enqueue(session, fail, secret="never-log-this")
    worker = start("worker")
    wait_for(lambda: statuses(database) == ["failed"])
    worker.send_signal(signal.SIGTERM)
    output, _ = worker.communicate(timeout=20)
    assert "never-log-this" not in output
    lines = [json.loads(line) for line in output.splitlines()]
    runs = [(line["attempt"], line["outcome"]) for line in lines if line["event"] == "job"]
    assert runs == [(1, "to retry"), (2, "to retry"), (3, "dead")]
    assert notes(database) == ["tried"] * 3


async def test_task_of_a_newer_release_is_left_to_its_workers(
    db: Database, database: str, start: Start
) -> None:
    """A worker that does not know a task puts its job back."""

    @jobs.task()
    async def newer() -> None:
        raise AssertionError

    newer.name = "api.notes.tasks.newer"
    async with db.unit_of_work() as session:
        await jobs.enqueue(session, newer)
    worker = start("worker")
    tried = "SELECT 1 FROM procrastinate_jobs WHERE attempts = 1"
    wait_for(lambda: bool(query(database, tried)))
    ended(worker)
    assert statuses(database) == ["todo"]


async def test_two_schedulers_do_not_double_a_tick(database: str, start: Start) -> None:
    """Of every tick there is one job, however many schedulers and workers run."""
    schedulers = [start("scheduler"), start("scheduler")]
    workers = [start("worker"), start("worker")]
    wait_for(lambda: len(notes(database)) >= 4)
    for process in schedulers + workers:
        ended(process)
    ticks = query(
        database,
        "SELECT args->>'timestamp' AS tick, count(*) FROM procrastinate_jobs "
        "WHERE task_name = 'api.notes.tasks.tick' GROUP BY 1",
    )
    assert {row["count"] for row in ticks} == {1}


async def test_worker_that_is_told_to_stop_finishes(
    db: Database, database: str, start: Start
) -> None:
    """It takes no more, ends what it runs, and exits with 0."""
    async with db.unit_of_work() as session:
        for _ in range(3):
            await jobs.enqueue(session, nap, seconds=1)
    worker = start("worker", WORKER_CONCURRENCY="2")
    wait_for(lambda: notes(database) == ["began"] * 2)
    ended(worker)
    assert worker.returncode == 0
    assert statuses(database) == ["succeeded", "succeeded", "todo"]


async def test_job_that_takes_too_long_goes_back(db: Database, database: str, start: Start) -> None:
    """After the grace a running job is cut short and waits in the queue for another worker."""
    async with db.unit_of_work() as session:
        await jobs.enqueue(session, nap, seconds=60)
    worker = start("worker", WORKER_GRACE_SECONDS="0")
    wait_for(lambda: notes(database) == ["began"])
    lines = ended(worker)
    assert [line["outcome"] for line in lines if line["event"] == "job"] == ["interrupted"]
    assert (worker.returncode, statuses(database)) == (0, ["todo"])


async def test_jobs_of_a_killed_worker_run_again(db: Database, database: str, start: Start) -> None:
    """Its silence is noticed, and what it ran is run by another."""
    async with db.unit_of_work() as session:
        for _ in range(5):
            await jobs.enqueue(session, nap, seconds=1)
    killed = start("worker")
    wait_for(lambda: notes(database) == ["began"] * 5)
    killed.kill()
    killed.wait()
    assert statuses(database) == ["doing"] * 5
    # as if it had been silent for longer
    query(database, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    start("worker")
    async with db.unit_of_work() as session:
        await jobs.enqueue(session, upkeep.recover_stalled_jobs)
    wait_for(lambda: statuses(database) == ["succeeded"] * 5)
    assert notes(database).count("ended") == 5


async def test_worker_outlives_its_connections(db: Database, database: str, start: Start) -> None:
    """A database that restarts is waited for."""
    worker = start("worker")
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    wait_for(lambda: bool(query(database, "SELECT 1 FROM procrastinate_workers")))
    query(database, f"SELECT pg_terminate_backend(pid) {others}")
    async with db.unit_of_work() as session:
        await jobs.enqueue(session, greet, who=uuid4())
    await asyncio.to_thread(wait_for, lambda: statuses(database) == ["succeeded"])
    ended(worker)
    assert worker.returncode == 0

"""The worker as a process: told to stop, cut short, killed, and asked whether it lives."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chassis import schema
from chassis.service import Service
from conftest import make_service

TASKS = """
import asyncio

from chassis.fastapi.jobs.tasks import task, unit_of_work
from sqlalchemy import text


async def note(what: str) -> None:
    async with unit_of_work() as session:
        await session.execute(text("INSERT INTO note (what) VALUES (:what)"), {"what": what})


@task()
async def nap(seconds: float) -> None:
    await note("began")
    await asyncio.sleep(seconds)
    await note("ended")
"""
SETTINGS = "from chassis.fastapi.settings import IssuerSettings as Settings\n"
JOB = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES
    ('default', 'api.notes.tasks.nap', jsonb_build_object('arguments', %s::jsonb))
"""
RECOVER = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority)
    VALUES ('platform', 'chassis.fastapi.jobs.maintenance.recover_stalled_jobs', 1)
"""
OWN = "SELECT status::text FROM procrastinate_jobs WHERE task_name LIKE 'api.%%' ORDER BY id"
NOTES = "SELECT what FROM note ORDER BY id"

type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def database(database: str) -> str:
    """Give a migrated database with a table that tasks write to."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
        connection.execute("CREATE TABLE note (id serial, what text)")
    return database


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect to it."""
    with psycopg.connect(database, autocommit=True) as connected:
        yield connected


@pytest.fixture
def api(tmp_path: Path) -> Service:
    """Give a service whose only domain brings tasks."""
    made = make_service(tmp_path / "service", "api")
    (made.root / "api" / "notes").mkdir()
    for package in (made.root / "api", made.root / "api" / "notes"):
        (package / "__init__.py").touch()
    (made.root / "api" / "settings.py").write_text(SETTINGS)
    (made.root / "api" / "notes" / "tasks.py").write_text(TASKS)
    return made


@pytest.fixture
def start(api: Service, database: str) -> Iterator[Start]:
    """Give what starts a process of the service: ``start("worker", WORKER_CONCURRENCY="1")``."""
    started: list[subprocess.Popen[str]] = []

    def begin(name: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "chassis", name],
            cwd=api.root,
            env={**os.environ, "DATABASE_URL": database, "LOG_FORMAT": "json", **environment},
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


def add(connection: psycopg.Connection[Any], jobs: int, *, seconds: float) -> None:
    """Enqueue naps."""
    for _ in range(jobs):
        connection.execute(JOB, [json.dumps({"seconds": seconds})])


def first(connection: psycopg.Connection[Any], query: str) -> list[str]:
    """Return the first column."""
    return [row[0] for row in connection.execute(query.encode())]


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def stop(process: subprocess.Popen[str]) -> list[str]:
    """Tell a worker to stop; return the outcomes of the jobs that it logged."""
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    lines = [json.loads(line) for line in output.splitlines()]
    return [line["outcome"] for line in lines if line["event"] == "job"]


def test_worker_that_is_told_to_stop_finishes(
    connection: psycopg.Connection[Any], start: Start
) -> None:
    """It takes no more, ends what it runs, and exits with 0."""
    add(connection, 3, seconds=1)
    worker = start("worker", WORKER_CONCURRENCY="2")
    wait_for(lambda: first(connection, NOTES) == ["began"] * 2)
    assert stop(worker) == ["succeeded"] * 2
    assert worker.returncode == 0
    assert first(connection, OWN) == ["succeeded", "succeeded", "todo"]


def test_job_that_takes_too_long_goes_back(
    connection: psycopg.Connection[Any], start: Start
) -> None:
    """After the grace a running job is cut short and waits in the queue for another worker."""
    add(connection, 1, seconds=60)
    worker = start("worker", WORKER_GRACE_SECONDS="0")
    wait_for(lambda: first(connection, NOTES) == ["began"])
    assert stop(worker) == ["interrupted"]
    assert (worker.returncode, first(connection, OWN)) == (0, ["todo"])


def test_jobs_of_a_killed_worker_run_again(
    connection: psycopg.Connection[Any], start: Start
) -> None:
    """Its silence is noticed, and what it ran is run by another: nothing is lost."""
    add(connection, 5, seconds=1)
    killed = start("worker")
    wait_for(lambda: first(connection, NOTES) == ["began"] * 5)
    killed.kill()
    killed.wait()
    assert first(connection, OWN) == ["doing"] * 5
    # as if it had been silent for longer
    connection.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = now() - '1 hour'::interval"
    )
    connection.execute(RECOVER)
    start("worker")
    wait_for(lambda: first(connection, OWN) == ["succeeded"] * 5)
    assert sorted(first(connection, NOTES)) == ["began"] * 10 + ["ended"] * 5


def test_probe_is_answered_while_the_database_is_away(start: Start) -> None:
    """A restart would not bring the database back."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    away = "postgresql://nobody@127.0.0.1:9/nothing"
    process = start("scheduler", PROBE_PORT=port, DATABASE_URL=away)

    def answered() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    wait_for(answered)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0

"""Django's tasks on the platform's queue: in the transaction, in the trace, run by a worker."""

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from django.tasks import default_task_backend
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from chassis import logs
from chassis.django.discovery import discover
from chassis.django.errors import is_lost_database
from chassis.django.jobs.tasks import find_tasks
from chassis.django.sync_bridge import django_connection, run_sync
from chassis.jobs.process import Stop
from chassis.jobs.worker import work

pytestmark = pytest.mark.django_db(transaction=True)
_PATIENCE_SECONDS = 20
TASKS = """
from django.contrib.auth.models import Group
from django.tasks import task
from chassis.telemetry.context import current


@task(queue_name="people")
def found_group(name, *, suffix=""):
    Group.objects.create(name=name + suffix + current.get().request_id)


@task()
async def wait(name):
    await Group.objects.acreate(name=name)


@task()
def fail(name):
    Group.objects.create(name=name)
    raise RuntimeError("on purpose")
"""


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Give the tasks of the app `people` of an invented package."""
    folder = tmp_path / "invented" / "people"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield discover("invented", "tasks")["people"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "invented"]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    """Begin without jobs: the queue is no table of Django's, and so is not emptied."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def waiting() -> list[tuple[Any, ...]]:
    """Give task, queue and state of every job."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, queue_name, status::text FROM procrastinate_jobs ORDER BY id"
        )
        return list(cursor.fetchall())


def groups() -> list[str]:
    """Give the names of all groups that a task has made."""
    return sorted(Group.objects.exclude(name__startswith="role").values_list("name", flat=True))


def address() -> str:
    """Where the test's database is, for psycopg."""
    given = connection.settings_dict
    return make_conninfo(
        dbname=given["NAME"],
        user=given["USER"],
        host=given["HOST"],
        port=given["PORT"],
        password=given["PASSWORD"],
    )


def end_connections() -> None:
    """Do what a database does that goes down: end the connection of whoever is connected."""
    with psycopg.connect(address()) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def run(*, until: int) -> None:
    """Work until `until` groups are there."""
    url = address()

    async def worker() -> None:
        stop = Stop()
        tasks = find_tasks("invented")
        working = asyncio.create_task(work(url, tasks, stop, concurrency=2, grace_seconds=5))
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while await asyncio.to_thread(_count) < until:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        stop.requested.set()
        await working

    asyncio.run(worker())


def _count() -> int:
    try:
        return len(groups())
    finally:
        connection.close()


def test_a_job_is_committed_with_the_rest_and_rolled_back_with_it(tasks: ModuleType) -> None:
    """What is undone was never asked for."""
    with transaction.atomic():
        tasks.found_group.enqueue("a")
        transaction.set_rollback(True)
    assert waiting() == []
    with transaction.atomic():
        tasks.found_group.enqueue("a")
    assert waiting() == [("invented.people.tasks.found_group", "people", "todo")]


def test_a_database_lost_while_enqueuing_is_called_that(tasks: ModuleType) -> None:
    """A request then gets 503, as if any other statement had met it; the next one is well."""

    @transaction.atomic
    def ask() -> None:
        end_connections()
        tasks.found_group.enqueue("a")

    with pytest.raises(OperationalError) as caught:
        ask()
    assert is_lost_database(caught.value)
    tasks.found_group.enqueue("b")
    assert len(waiting()) == 1


@transaction.atomic
def test_a_connection_that_was_lost_is_called_that_again() -> None:
    """What asks it once more in the same transaction is told the same, in Django's terms."""
    end_connections()
    for _ in range(2):
        with pytest.raises(OperationalError) as caught:
            run_sync(django_connection().execute("SELECT 1"))
        assert is_lost_database(caught.value)
    transaction.set_rollback(True)


def test_a_worker_runs_tasks_in_the_trace_of_who_asked(tasks: ModuleType) -> None:
    """Arguments arrive, synchronous or not, and the lines of a job carry the request's id."""
    logs.bind_request(request_id="asked-for-it", trace_id="0" * 31 + "1")
    tasks.found_group.enqueue("a-", suffix="b-")
    tasks.wait.enqueue(name="c")
    logs.clear()
    run(until=2)
    assert groups() == ["a-b-asked-for-it", "c"]


def test_a_failing_task_is_tried_again(tasks: ModuleType) -> None:
    """It stays in the queue for a later try."""
    tasks.fail.enqueue("once")
    run(until=1)
    assert waiting() == [("invented.people.tasks.fail", "default", "todo")]


def test_a_task_may_be_for_later(tasks: ModuleType) -> None:
    """Nobody runs it before its time."""
    later = timezone.now() + timedelta(hours=1)
    result = tasks.wait.using(run_after=later).enqueue(name="later")
    tasks.wait.enqueue(name="now")
    run(until=1)
    assert (groups(), result.id.isdigit()) == (["now"], True)


def test_what_json_does_not_know_is_refused(tasks: ModuleType) -> None:
    """A mistake is seen where the task is asked for, not in a worker hours later."""
    with pytest.raises(TypeError):
        tasks.wait.enqueue(name=object())
    assert default_task_backend.supports_defer

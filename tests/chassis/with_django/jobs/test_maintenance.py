"""What workers do by themselves, and how a task gets onto the scheduler's list."""

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from chassis.django.jobs import maintenance
from chassis.django.jobs.tasks import Retry, find_tasks, periodic
from chassis.jobs import TaskError
from chassis.jobs.process import Stop
from chassis.jobs.scheduler import schedule
from chassis.jobs.worker import work

pytestmark = pytest.mark.django_db(transaction=True)
_PATIENCE_SECONDS = 20
TASKS = """
from django.contrib.auth.models import Group
from django.tasks import task
from chassis.django.jobs.tasks import Retry, periodic, retry


@periodic("* * * * * *")
@retry(Retry(limit=3))
@task(queue_name="people")
def found_group():
    Group.objects.get_or_create(name="founded by the clock")
"""


@pytest.fixture(autouse=True)
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the service one app with one periodic task, and an empty queue."""
    folder = tmp_path / "web" / "people"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    execute("DELETE FROM procrastinate_jobs")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "web"]:
        del sys.modules[name]


def execute(statement: str) -> int:
    """Run SQL; give the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def address() -> str:
    """Give the database's address as workers take it."""
    given = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT"}
    return make_conninfo(**{name: given[key] for name, key in names.items()}, password="")


async def until_founded() -> None:
    """Let a scheduler and a worker run until the group is there."""
    stop, tasks = Stop(), find_tasks("web")
    running = (
        asyncio.create_task(schedule(address(), tasks, stop)),
        asyncio.create_task(work(address(), tasks, stop, concurrency=1, grace_seconds=5)),
    )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not await asyncio.to_thread(founded):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    stop.requested.set()
    await asyncio.gather(*running)


def founded() -> bool:
    """Tell whether the task has run."""
    try:
        return execute("SELECT 1 FROM auth_group WHERE name = 'founded by the clock'") > 0
    finally:
        connection.close()


def test_a_periodic_task_runs_by_itself() -> None:
    """The scheduler enqueues it on time, a worker runs it."""
    asyncio.run(until_founded())
    assert founded()


def test_a_task_keeps_its_clock_and_its_retries() -> None:
    """What the decorators say reaches workers; the platform brings tasks of its own."""
    known = {item.name: item for item in find_tasks("web")}
    ours = known["web.people.tasks.found_group"]
    assert (ours.queue, ours.cron, ours.retry) == ("people", "* * * * * *", Retry(limit=3))
    assert known["chassis.django.jobs.maintenance.clear_sessions"].cron


def test_a_wrong_clock_is_refused_where_it_stands() -> None:
    """The mistake is seen when the module is imported."""
    with pytest.raises(TaskError, match="clear_cache has no valid cron expression: 'at noon'"):
        periodic("at noon")(maintenance.clear_cache)


def test_ended_sessions_go_with_their_entries() -> None:
    """What lasts stays in a person's list."""
    mia = User.objects.create(username="mia")
    for key, ends in (("ended", -1), ("lasting", 1)):
        expires = timezone.now() + timedelta(hours=ends)
        Session.objects.create(session_key=key, expire_date=expires)
        UserSession.objects.create(user=mia, session_key=key, ip="127.0.0.1")
    maintenance.clear_sessions.call()
    assert [row.session_key for row in UserSession.objects.all()] == ["lasting"]
    assert [row.session_key for row in Session.objects.all()] == ["lasting"]


def test_the_cache_forgets_what_has_expired() -> None:
    """Old counters of sign-in attempts do not pile up."""
    cache.clear()  # of what other tests left
    cache.set("lasting", 1, timeout=60)
    cache.set("ended", 1, timeout=60)
    execute("UPDATE django_cache SET expires = now() - interval '1 hour' WHERE cache_key ~ 'ended'")
    maintenance.clear_cache.call()
    assert execute("SELECT 1 FROM django_cache") == 1


def test_mail_that_nobody_takes_and_old_answers_are_deleted() -> None:
    """A mailed token is worth nothing after two days."""
    execute(
        "INSERT INTO platform.mail (recipient, subject, body, created_at) VALUES "
        "('a@example.com', 's', 'b', now() - interval '3 days'), ('b@example.com', 's', 'b', now())"
    )
    maintenance.purge_expired.call()
    assert execute("DELETE FROM platform.mail") == 1


def test_finished_jobs_are_forgotten_and_abandoned_ones_run_again() -> None:
    """A week keeps the queue small; a killed worker loses nothing."""
    for _ in range(2):
        maintenance.clear_cache.enqueue()
    execute("UPDATE procrastinate_jobs SET status = 'doing'")
    execute(
        "UPDATE procrastinate_jobs SET status = 'succeeded' "
        "WHERE id = (SELECT min(id) FROM procrastinate_jobs)"
    )
    execute("UPDATE procrastinate_events SET at = now() - interval '8 days'")
    maintenance.recover_stalled_jobs.call()
    maintenance.delete_finished_jobs.call()
    assert execute("SELECT 1 FROM procrastinate_jobs") == 1
    assert execute("SELECT 1 FROM procrastinate_jobs WHERE status = 'todo'") == 1

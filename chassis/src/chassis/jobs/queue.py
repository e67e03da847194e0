"""Adding jobs to the queue, in the transaction of the caller."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from procrastinate import PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from chassis import telemetry
from chassis.jobs.tasks import Task

# never opened: every job is inserted on the caller's own connection
_manager = JobManager(PsycopgConnector())
_sync_manager = JobManager(SyncPsycopgConnector())


async def enqueue(
    connection: psycopg.AsyncConnection[Any],
    task: Task[...],
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_in: timedelta | None = None,
    **arguments: Any,
) -> int | None:
    """Add a job in the open transaction of `connection`; return its number.

    Jobs of one `lock` run one after the other, in their order. None means that a job with this
    `queueing_lock` is waiting already; the transaction must then return to a savepoint. The job
    runs `schedule_in` from now at the earliest. It carries the present request's identifiers.

    Raises ValidationError when `task` does not take `arguments`, and psycopg's errors.
    """
    job = _job(
        task.name,
        task.pack(arguments),
        queue=task.queue,
        lock=lock,
        queueing_lock=queueing_lock,
        scheduled_at=datetime.now(UTC) + schedule_in if schedule_in else None,
    )
    try:
        with _errors_of_the_driver():
            return (await _manager.defer_job_async(job, connection=connection)).id
    except AlreadyEnqueued:
        return None


def enqueue_stored(
    connection: psycopg.Connection[Any],
    name: str,
    stored: Mapping[str, Any],
    *,
    queue: str,
    scheduled_at: datetime | None = None,
) -> int | None:
    """Add a job of the task `name` in the open transaction of `connection`; return its number.

    `stored` are its arguments as JSON. It carries the present request's identifiers. Raises
    psycopg's errors.
    """
    job = _job(name, stored, queue=queue, scheduled_at=scheduled_at)
    with _errors_of_the_driver():
        return _sync_manager.defer_job(job, connection=connection).id


@contextmanager
def _errors_of_the_driver() -> Iterator[None]:
    """Raise psycopg's original error: callers that detect a lost database know only those."""
    try:
        yield
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise


def _job(
    name: str,
    stored: Mapping[str, Any],
    *,
    queue: str,
    scheduled_at: datetime | None,
    lock: str | None = None,
    queueing_lock: str | None = None,
) -> Job:
    return Job(
        queue=queue,
        lock=lock,
        queueing_lock=queueing_lock,
        task_name=name,
        task_kwargs={"arguments": dict(stored), "carried": dict(telemetry.carried())},
        scheduled_at=scheduled_at,
    )

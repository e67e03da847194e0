"""Maintenance of the queue: recover abandoned jobs, delete finished ones."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row

from chassis.jobs.tasks import DEFAULT_RETRY
from chassis.jobs.worker import STALLED_SECONDS

_STALLED = """
    SELECT job.id, job.task_name, job.attempts
    FROM procrastinate_jobs job
    LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
      AND (worker.id IS NULL OR worker.last_heartbeat < now() - %(silent)s)
    ORDER BY job.id
    FOR UPDATE OF job SKIP LOCKED
"""
_RETRY = "SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)"
_MARK_DEAD = "SELECT procrastinate_finish_job_v1(%s, 'failed', false)"
_ABORT = "SELECT procrastinate_finish_job_v1(%s, 'aborted', false)"
_DELETE = """
    DELETE FROM procrastinate_jobs job
    WHERE job.status IN ('succeeded', 'cancelled', 'aborted')
      AND (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id) < now() - %s
"""


async def recover(connection: AsyncConnection[Any], limits: Mapping[str, int]) -> None:
    """Return the jobs of workers without a heartbeat to the queue.

    `limits` are the retries of each task. A job that used them up killed its worker every time and
    becomes a dead letter.
    """
    silent = timedelta(seconds=STALLED_SECONDS)
    async with connection.cursor(row_factory=dict_row) as cursor:
        jobs = await (await cursor.execute(_STALLED, {"silent": silent})).fetchall()
    for job in jobs:
        again = job["attempts"] < limits.get(job["task_name"], DEFAULT_RETRY.limit)
        outcome = await (_requeue if again else _mark_dead)(connection, job["id"])
        structlog.get_logger().warning(
            "abandoned job",
            job_id=job["id"],
            task=job["task_name"],
            attempt=job["attempts"] + 1,
            outcome=outcome,
        )


async def _requeue(connection: AsyncConnection[Any], job_id: int) -> str:
    try:
        async with connection.transaction():
            await connection.execute(_RETRY, [job_id])
    except UniqueViolation:
        # another job with its queueing lock waits already and will do this work
        await connection.execute(_ABORT, [job_id])
        return "another one waits"
    return "to retry"


async def _mark_dead(connection: AsyncConnection[Any], job_id: int) -> str:
    await connection.execute(_MARK_DEAD, [job_id])
    return "dead"


async def delete_finished(connection: AsyncConnection[Any], *, days: int) -> None:
    """Delete jobs that succeeded or were canceled more than `days` ago. Dead letters stay."""
    deleted = await connection.execute(_DELETE, [timedelta(days=days)])
    structlog.get_logger().info("deleted finished jobs", jobs=deleted.rowcount, days=days)

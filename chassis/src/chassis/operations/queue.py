"""The operators' questions and commands to the queue; every call is one transaction."""

from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import dict_row

from chassis.errors import UserError

type Row = dict[str, Any]

_QUEUES = """
    SELECT job.queue_name AS queue,
        count(*) FILTER (WHERE job.status = 'todo' AND due) AS todo,
        count(*) FILTER (WHERE job.status = 'todo' AND NOT due) AS later,
        count(*) FILTER (WHERE job.status = 'doing') AS doing,
        count(*) FILTER (WHERE job.status = 'failed') AS dead,
        extract(epoch FROM max(now() - since) FILTER (WHERE job.status = 'todo' AND due))::float
            AS oldest_seconds
    FROM procrastinate_jobs job,
        LATERAL (SELECT coalesce(job.scheduled_at <= now(), true) AS due) clock,
        LATERAL (
            SELECT coalesce(job.scheduled_at, max(event.at)) AS since
            FROM procrastinate_events event
            WHERE event.job_id = job.id AND event.type = 'deferred'
        ) entered
    WHERE job.status IN ('todo', 'doing', 'failed')
    GROUP BY job.queue_name
    ORDER BY job.queue_name
"""
_WORKERS = """
    SELECT count(*) AS workers FROM procrastinate_workers
    WHERE last_heartbeat > now() - interval '30 seconds'
"""
_DEAD = """
    SELECT job.id, job.task_name AS task, job.queue_name AS queue, job.attempts,
        (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id) AS died_at
    FROM procrastinate_jobs job
    WHERE job.status = 'failed' AND (%(task)s::text IS NULL OR job.task_name = %(task)s)
    ORDER BY job.id DESC
    LIMIT %(limit)s
"""
_SHOW = """
    SELECT id, task_name AS task, queue_name AS queue, status, attempts, lock, queueing_lock,
        scheduled_at, abort_requested, worker_id, args
    FROM procrastinate_jobs WHERE id = %s
"""
_EVENTS = "SELECT type AS event, at FROM procrastinate_events WHERE job_id = %s ORDER BY at, id"
_LOCKED = "SELECT status FROM procrastinate_jobs WHERE id = %s FOR UPDATE"
_DEAD_OF = """
    SELECT id FROM procrastinate_jobs
    WHERE status = 'failed' AND (%(task)s::text IS NULL OR task_name = %(task)s)
    ORDER BY id FOR UPDATE
"""
_RETRY = "SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)"
# the job starts again with all retries of its task
_RESET = "UPDATE procrastinate_jobs SET attempts = 0 WHERE id = %s"
_CANCEL = "SELECT procrastinate_cancel_job_v1(%s, true, false)"
_DISMISS = "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE id = %s"


def queues(connection: Connection[Any]) -> list[Row]:
    """Return for each queue how many jobs are due, wait for later, run and are dead, and for how
    many seconds the oldest due one has waited."""
    return _rows(connection, _QUEUES)


def workers(connection: Connection[Any]) -> int:
    """Return how many workers are alive."""
    return int(_rows(connection, _WORKERS)[0]["workers"])


def dead(connection: Connection[Any], *, task: str | None, limit: int) -> list[Row]:
    """Return the newest `limit` dead letters."""
    return _rows(connection, _DEAD, {"task": task, "limit": limit})


def show(connection: Connection[Any], number: int) -> Row:
    """Return everything about one job. Raises UserError if there is none."""
    rows = _rows(connection, _SHOW, [number])
    if not rows:
        raise _absent(number)
    job = rows[0]
    stored = job.pop("args")
    known = {"arguments": stored.get("arguments", {}), "carried": stored.get("carried", {})}
    return job | known | {"history": _rows(connection, _EVENTS, [number])}


def retry(connection: Connection[Any], number: int) -> None:
    """Put a dead letter back into its queue. Raises UserError for any other job."""
    status = _lock(connection, number)
    if status != "failed":
        raise UserError(f"Job {number} is {status}, not a dead letter: nothing was changed.")
    _revive(connection, number)


def retry_all(connection: Connection[Any], *, task: str | None) -> list[int]:
    """Put all dead letters (of `task`) back; return their numbers."""
    numbers = [row["id"] for row in _rows(connection, _DEAD_OF, {"task": task})]
    for number in numbers:
        _revive(connection, number)
    return numbers


def cancel(connection: Connection[Any], number: int) -> str:
    """Cancel a waiting job, ask a running one to stop, or dismiss a dead letter; return what it
    was. Raises UserError for a job that is over."""
    status = _lock(connection, number)
    if status not in ("todo", "doing", "failed"):
        raise UserError(f"Job {number} is {status} already: nothing was changed.")
    connection.execute(_DISMISS if status == "failed" else _CANCEL, [number])
    return status


def _revive(connection: Connection[Any], number: int) -> None:
    connection.execute(_RETRY, [number])
    connection.execute(_RESET, [number])


def _lock(connection: Connection[Any], number: int) -> str:
    rows = _rows(connection, _LOCKED, [number])
    if not rows:
        raise _absent(number)
    return str(rows[0]["status"])


def _absent(number: int) -> UserError:
    return UserError(f"There is no job {number} (finished ones are deleted after a while).")


def _rows(connection: Connection[Any], query: LiteralString, parameters: Any = None) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()

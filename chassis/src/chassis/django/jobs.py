"""Jobs of a Django half: Django's own tasks, on the platform's queue.

A task is declared with `django.tasks.task` in `web/<app>/tasks.py`; `welcome.enqueue(user_id=…)` is
committed or rolled back with everything else in the transaction. `manage.py worker` runs it, in
the trace of the request that enqueued it, and again until it succeeds (`chassis.jobs.Retry`): a
second run must do no harm. Arguments are identifiers, never personal data or secrets: they lie in
the queue in clear.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.tasks import Task, TaskResult, TaskResultStatus
from django.tasks.backends.base import BaseTaskBackend
from django.utils.json import normalize_json

from chassis import jobs
from chassis.django.discovery import discover
from chassis.jobs import queue

# generic for the type checker alone
type DjangoTask = Task[Any, Any]
type DjangoResult = TaskResult[Any, Any]


class Backend(BaseTaskBackend):
    """Puts tasks into the queue in the transaction of whoever enqueues them; what a task returns is
    not kept."""

    supports_defer = True
    supports_async_task = True

    def enqueue(
        self, task: DjangoTask, args: Iterable[Any], kwargs: dict[str, Any]
    ) -> DjangoResult:
        """Add a job; its number is the result's `id`. Raises TypeError for an argument that JSON
        does not know."""
        stored: dict[str, Any] = {
            "args": normalize_json(list(args)),
            "kwargs": normalize_json(kwargs),
        }
        connection.ensure_connection()
        number = queue.enqueue_stored(
            connection.connection,
            _name(task),
            stored,
            queue=task.queue_name,
            scheduled_at=task.run_after,
        )
        return TaskResult(
            task=task,
            id=str(number),
            status=TaskResultStatus.READY,
            enqueued_at=datetime.now(UTC),
            started_at=None,
            finished_at=None,
            last_attempted_at=None,
            args=stored["args"],
            kwargs=stored["kwargs"],
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )


def find_tasks(package: str) -> list[jobs.Task[...]]:
    """Return the tasks of every `<package>/<app>/tasks.py`, as workers know them."""
    modules = discover(package, "tasks").values()
    found = [item for module in modules for item in vars(module).values()]
    # by name: a module may import another one's task in order to enqueue it
    tasks = {_name(item): item for item in found if isinstance(item, Task)}
    return [_as_job(task) for task in tasks.values()]


def _as_job(task: DjangoTask) -> jobs.Task[...]:
    async def run(args: list[Any], kwargs: dict[str, Any]) -> None:
        # in a thread: a task works with Django's database, which is synchronous
        await sync_to_async(partial(_call, task), thread_sensitive=False)(args, kwargs)

    run.__module__, _, run.__qualname__ = _name(task).rpartition(".")
    return jobs.task(queue=task.queue_name)(run)


def _call(task: DjangoTask, args: list[Any], kwargs: dict[str, Any]) -> None:
    try:
        task.call(*args, **kwargs)
    finally:
        # nobody else uses this thread's connection before the next job
        connection.close()


def _name(task: DjangoTask) -> str:
    return f"{task.func.__module__}.{task.func.__qualname__}"

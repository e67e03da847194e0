"""Jobs of a Django half: Django's own tasks, on the platform's queue.

A task is declared with `django.tasks.task` in `web/<app>/tasks.py`; `welcome.enqueue(user_id=…)` is
committed or rolled back with everything else in the transaction. `manage.py worker` runs it, in
the trace of the request that enqueued it, and again until it succeeds: a second run must do no
harm. Arguments are identifiers, never personal data or secrets: they lie in the queue in clear.

    @periodic("30 4 * * *")  # what `manage.py scheduler` enqueues by itself, in UTC
    @retry(Retry(limit=3))
    @task()
    def count_stock() -> None:
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.tasks import Task, TaskResult, TaskResultStatus
from django.tasks.backends.base import BaseTaskBackend
from django.utils.json import normalize_json

from chassis import jobs
from chassis.django.discovery import discover
from chassis.jobs import Retry, queue
from chassis.jobs.tasks import DEFAULT_RETRY, check_cron

__all__ = ["Backend", "Retry", "find_tasks", "periodic", "retry"]

# generic for the type checker alone
type DjangoTask = Task[Any, Any]
type DjangoResult = TaskResult[Any, Any]
type Decorator = Callable[[DjangoTask], DjangoTask]

# the platform's own tasks
_OWN = ("chassis.django.jobs.mail", "chassis.django.jobs.maintenance")


def periodic(cron: str) -> Decorator:
    """Have the scheduler enqueue a task whenever `cron` says (five fields, in UTC).

    It skips a run while the previous one is queued or running. Raises TaskError for a wrong `cron`.
    """

    def declare(task: DjangoTask) -> DjangoTask:
        check_cron(_name(task), cron)
        task.func.cron = cron  # type: ignore[attr-defined]  # Django's tasks have no such field
        return task

    return declare


def retry(policy: Retry) -> Decorator:
    """Set the retry policy of a task."""

    def declare(task: DjangoTask) -> DjangoTask:
        task.func.retry = policy  # type: ignore[attr-defined]
        return task

    return declare


class Backend(BaseTaskBackend):
    """A backend that enqueues tasks in the caller's transaction; results are not stored."""

    supports_defer = True
    supports_async_task = True

    def enqueue(
        self, task: DjangoTask, args: Iterable[Any], kwargs: dict[str, Any]
    ) -> DjangoResult:
        """Add a job; its number is the `id` of the result.

        Raises TypeError for an argument that JSON cannot encode, and Django's database errors.
        """
        stored: dict[str, Any] = {
            "args": normalize_json(list(args)),
            "kwargs": normalize_json(kwargs),
        }
        connection.ensure_connection()
        with connection.wrap_database_errors:
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
    """Return the platform's tasks and those of every `<package>/<app>/tasks.py`, as workers know
    them."""
    modules = [*map(import_module, _OWN), *discover(package, "tasks").values()]
    items = [item for module in modules for item in vars(module).values()]
    # by name: a module may import another one's task in order to enqueue it
    tasks = {_name(item): item for item in items if isinstance(item, Task)}
    return [_as_job(task) for task in tasks.values()]


def _as_job(task: DjangoTask) -> jobs.Task[...]:
    async def run(args: list[Any] = [], kwargs: dict[str, Any] = {}) -> None:  # noqa: B006
        # in a thread: a task works with Django's database, which is synchronous
        await sync_to_async(partial(_call, task), thread_sensitive=False)(args, kwargs)

    run.__module__, _, run.__qualname__ = _name(task).rpartition(".")
    return jobs.Task(
        run,
        queue=task.queue_name,
        retry=getattr(task.func, "retry", DEFAULT_RETRY),
        cron=getattr(task.func, "cron", None),
    )


def _call(task: DjangoTask, args: list[Any], kwargs: dict[str, Any]) -> None:
    try:
        task.call(*args, **kwargs)
    finally:
        # no other code uses this thread's connection before the next job
        connection.close()


def _name(task: DjangoTask) -> str:
    return f"{task.func.__module__}.{task.func.__qualname__}"

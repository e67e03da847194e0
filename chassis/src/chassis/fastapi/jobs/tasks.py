"""Jobs of an API: declared in `api/<domain>/tasks.py`, enqueued in the request's transaction.

`await enqueue(session, deliver, event_id=event.id)` is committed or rolled back with everything
else in `session`. `python -m chassis worker` runs it, under the identifiers of the request that
enqueued it; there `async with unit_of_work() as session` opens a transaction.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from chassis import jobs
from chassis.fastapi import discovery
from chassis.fastapi.data.db import Database, driver_connection
from chassis.fastapi.settings import ApiSettings
from chassis.jobs import NEVER, Retry, Task, TaskError, periodic, task
from chassis.service import Service

__all__ = [
    "NEVER",
    "Retry",
    "Runtime",
    "Task",
    "TaskError",
    "enqueue",
    "find_tasks",
    "periodic",
    "running",
    "runtime",
    "task",
    "unit_of_work",
]

# the platform's own tasks
_OWN = ("chassis.fastapi.jobs.mail", "chassis.fastapi.jobs.maintenance")


@dataclass(frozen=True)
class Runtime:
    """A worker's resources for its tasks, like an application's `platform`.

    `resources` is closed when the worker ends: what tasks share (an HTTP client) is entered
    there.
    """

    settings: ApiSettings
    service: Service
    database: Database
    tasks: Sequence[Task[...]]
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)


_runtime: ContextVar[Runtime] = ContextVar("chassis_jobs_runtime")


async def enqueue(
    session: AsyncSession,
    task: Task[...],
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_in: timedelta | None = None,
    **arguments: Any,
) -> int | None:
    """Add a job of `task` in the transaction of `session`; return its number.

    Jobs of one `lock` run one after the other, in their order; None means that one with this
    `queueing_lock` is waiting already. The job runs `schedule_in` from now at the earliest.
    `arguments` are identifiers, never personal data or secrets.

    Raises ValidationError when `task` does not take `arguments`.
    """
    options: dict[str, Any] = {"lock": lock, "schedule_in": schedule_in, **arguments}
    if queueing_lock is None:
        return await jobs.enqueue(await driver_connection(session), task, **options)
    async with session.begin_nested() as savepoint:
        number = await jobs.enqueue(
            await driver_connection(session), task, queueing_lock=queueing_lock, **options
        )
        if number is None:
            await savepoint.rollback()
    return number


def runtime() -> Runtime:
    """Return the resources of the running job's worker. Raises RuntimeError outside a job."""
    try:
        return _runtime.get()
    except LookupError:
        raise RuntimeError(
            "No job is running: only a worker calls a task. Enqueue it from a route or a service: "
            "await jobs.enqueue(session, task, …)."
        ) from None


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[None]:
    """Make `runtime` available to the jobs that run inside; close its resources afterwards."""
    token = _runtime.set(runtime)
    try:
        async with runtime.resources:
            yield
    finally:
        _runtime.reset(token)


def unit_of_work() -> AbstractAsyncContextManager[AsyncSession]:
    """Return a session in a transaction for the running job: committed at the end, rolled back on
    an error. Keep it short, and call no other service inside it."""
    return runtime().database.unit_of_work()


def find_tasks(package: str) -> list[Task[...]]:
    """Return the platform's tasks and those of every `<package>/<domain>/tasks.py`."""
    # all models first: a relationship may name one of another domain
    discovery.modules(package, "models")
    modules = [*map(import_module, _OWN), *discovery.modules(package, "tasks")]
    members = [item for module in modules for item in vars(module).values()]
    # by name: a module may import another one's task in order to enqueue it
    return list({item.name: item for item in members if isinstance(item, Task)}.values())

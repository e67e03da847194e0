"""Our tasks in procrastinate: its application, with our tasks registered, connected."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.tasks import Task as LibraryTask
from psycopg_pool import AsyncConnectionPool

from chassis.jobs import run
from chassis.jobs.tasks import DEFAULT_QUEUE, DEFAULT_RETRY, Retry, Task

_CONNECTIONS = 4
_CONNECT_SECONDS = 3
_WAIT_SECONDS = 5.0


class UnknownTaskError(Exception):
    """This code lacks the job's task: the job is newer, or the task was removed."""


@asynccontextmanager
async def connected(url: str, tasks: Iterable[Task[...]]) -> AsyncIterator[App]:
    """Yield procrastinate's application with our `tasks`, connected."""
    _quiet_library_logs()
    app = App(connector=PsycopgConnector())
    app.tasks = _Tasks(app, tasks)
    # our own pool: the library's would wait half a minute for an unavailable database
    pool = AsyncConnectionPool(
        url,
        kwargs={"connect_timeout": _CONNECT_SECONDS},
        min_size=1,
        max_size=_CONNECTIONS,
        timeout=_WAIT_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    async with pool:
        await pool.wait(_WAIT_SECONDS)
        async with app.open_async(pool):
            yield app


class _Tasks(dict[str, LibraryTask[..., Any, ...]]):
    """The known tasks; an unknown one gets a stand-in that fails and is retried.

    During a release an older worker meets jobs of a newer one. The library would discard them at
    once.
    """

    def __init__(self, app: App, known: Iterable[Task[...]]) -> None:
        super().__init__({item.name: _adapt(app, item) for item in known})
        self._app = app

    def get(self, name: str, _default: Any = None) -> LibraryTask[..., Any, ...]:
        return self[name] if name in self else _unknown_task(self._app, name)


def _adapt(app: App, task: Task[...]) -> LibraryTask[..., Any, ...]:
    async def body(stored: Mapping[str, Any]) -> None:
        await task(**task.unpack(stored))

    return _library_task(app, task.name, task.retry, body, queue=task.queue)


def _unknown_task(app: App, name: str) -> LibraryTask[..., Any, ...]:
    async def body(_stored: Mapping[str, Any]) -> None:
        raise UnknownTaskError(f"This worker knows no task {name}: it is older than the job.")

    return _library_task(app, name, DEFAULT_RETRY, body, queue=DEFAULT_QUEUE)


def _library_task(
    app: App,
    name: str,
    retry: Retry,
    body: Callable[[Mapping[str, Any]], Awaitable[None]],
    *,
    queue: str,
) -> LibraryTask[..., Any, ...]:
    return LibraryTask(
        run.runner(name, retry, body),
        blueprint=app,
        name=name,
        queue=queue,
        retry=run.Strategy(retry),
        pass_context=True,
    )


def _quiet_library_logs() -> None:
    """Silence the library's lines about single jobs: they repeat the arguments, and our lines
    contain the rest."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.getLogger("procrastinate.worker").addFilter(_is_about_the_worker)


def _is_about_the_worker(record: logging.LogRecord) -> bool:
    return not hasattr(record, "job")

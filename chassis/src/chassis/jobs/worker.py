"""The process that runs jobs.

SIGTERM and SIGINT stop it: it takes no more jobs, waits for the running ones, and puts back into
the queue what is not done in time. A worker that was killed is missed by its heartbeat, and its
jobs are run again.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.tasks import Task as LibraryTask
from procrastinate.worker import Worker as LibraryWorker
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from chassis.jobs import run
from chassis.jobs.tasks import DEFAULT_QUEUE, DEFAULT_RETRY, Retry, Task

HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 30.0
"""How long a worker may be silent before its jobs are taken to be abandoned."""

# a retry or a job for later is found this late at most; new ones announce themselves
_POLL_SECONDS = 1.0
_PAUSE_SECONDS = 2.0
_CONNECTIONS = 4
_CONNECT_SECONDS = 3
_WAIT_SECONDS = 5.0
AWAY = (ConnectorException, psycopg.OperationalError, PoolTimeout)
"""What is raised while the database does not answer."""


class UnknownTaskError(Exception):
    """A job's task is not in this code: the job is newer, or the task is gone."""


class Stop:
    """Whether this process was told to stop."""

    def __init__(self) -> None:
        """Listen to SIGTERM and SIGINT; needs a running event loop."""
        self.told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.told.set)

    async def pause(self, seconds: float) -> None:
        """Wait, or less when it is time to stop."""
        try:
            await asyncio.wait_for(self.told.wait(), seconds)
        except TimeoutError:
            return


async def work(
    url: str, tasks: Iterable[Task[...]], stop: Stop, *, concurrency: int, grace_seconds: float
) -> None:
    """Run jobs until ``stop``, at most ``concurrency`` at a time; wait ``grace_seconds`` for those
    that run then. A database that goes away is waited for."""
    declared = list(tasks)
    while not stop.told.is_set():
        try:
            async with library(url, declared) as app:
                await _work(app, stop, concurrency=concurrency, grace_seconds=grace_seconds)
        except AWAY as error:
            structlog.get_logger().error("worker lost the database", error=type(error).__name__)
            await stop.pause(_PAUSE_SECONDS)


async def _work(app: App, stop: Stop, *, concurrency: int, grace_seconds: float) -> None:
    worker = _Worker(
        app,
        concurrency=concurrency,
        fetch_job_polling_interval=_POLL_SECONDS,
        abort_job_polling_interval=_POLL_SECONDS,
        shutdown_graceful_timeout=grace_seconds,
        install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
    )
    told = asyncio.create_task(stop.told.wait())
    told.add_done_callback(lambda _: worker.stop())  # type: ignore[no-untyped-call]
    structlog.get_logger().info("worker started", concurrency=concurrency)
    try:
        await worker.run()  # type: ignore[no-untyped-call]
    finally:
        told.cancel()
    structlog.get_logger().info("worker stopped")


class _Worker(LibraryWorker):
    """The library's worker, without its second job of enqueueing periodic tasks."""

    async def _periodic_deferrer(self) -> None:
        # for ever: the library stops to watch over its heartbeat once another side task has ended
        await asyncio.Event().wait()


@asynccontextmanager
async def library(url: str, tasks: Iterable[Task[...]]) -> AsyncIterator[App]:
    """Give procrastinate's application made from our ``tasks``, connected."""
    _silence()
    app = App(connector=PsycopgConnector())
    app.tasks = _Tasks(app, tasks)
    # of our own: the library's would wait half a minute for a database that is away
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
    """The known tasks, and for any other a stand-in that fails like a task and is tried again.

    During a release an older worker meets jobs of a newer one: the library would bury them at once.
    """

    def __init__(self, app: App, known: Iterable[Task[...]]) -> None:
        super().__init__({item.name: _adapt(app, item) for item in known})
        self._app = app

    def get(self, name: str, _default: Any = None) -> LibraryTask[..., Any, ...]:
        return self[name] if name in self else _stand_in(self._app, name)


def _adapt(app: App, task: Task[...]) -> LibraryTask[..., Any, ...]:
    async def body(stored: Mapping[str, Any]) -> None:
        await task(**task.unpack(stored))

    return _library_task(app, task.name, task.retry, body, queue=task.queue)


def _stand_in(app: App, name: str) -> LibraryTask[..., Any, ...]:
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


def _silence() -> None:
    """Keep the library's lines about single jobs out of the log: they repeat the arguments, and
    ours say the rest."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.getLogger("procrastinate.worker").addFilter(_is_about_the_worker)


def _is_about_the_worker(record: logging.LogRecord) -> bool:
    return not hasattr(record, "job")

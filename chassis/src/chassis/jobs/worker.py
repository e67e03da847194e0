"""The process that runs jobs.

SIGTERM and SIGINT stop it: it takes no more jobs, waits for the running ones, and returns
unfinished ones to the queue. The heartbeat reveals a killed worker, and its jobs run again.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import psycopg
import structlog
from procrastinate import App
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.worker import Worker as LibraryWorker

from chassis.jobs.adapter import connected
from chassis.jobs.process import DATABASE_UNAVAILABLE, Stop
from chassis.jobs.tasks import Task

STALLED_SECONDS = 30.0
"""How long a worker may be silent before its jobs are taken to be abandoned."""

_HEARTBEAT_SECONDS = 5.0
# a retry or a job for later is found this late at most; new ones announce themselves
_POLL_SECONDS = 1.0
_RECORD_PAUSES_SECONDS = (0.2, 1.0, 3.0)


async def work(
    url: str, tasks: Iterable[Task[...]], stop: Stop, *, concurrency: int, grace_seconds: float
) -> None:
    """Run jobs until `stop`, at most `concurrency` at a time.

    At the stop, wait `grace_seconds` for the running ones. A lost database is waited for.
    """
    declared = list(tasks)

    async def once() -> None:
        async with connected(url, declared) as app:
            await _work(app, stop, concurrency=concurrency, grace_seconds=grace_seconds)

    await stop.retry_until_stopped("worker", once)


async def _work(app: App, stop: Stop, *, concurrency: int, grace_seconds: float) -> None:
    worker = _Worker(
        app,
        concurrency=concurrency,
        fetch_job_polling_interval=_POLL_SECONDS,
        abort_job_polling_interval=_POLL_SECONDS,
        shutdown_graceful_timeout=grace_seconds,
        install_signal_handlers=False,
        update_heartbeat_interval=_HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
    )
    stop_requested = asyncio.create_task(stop.requested.wait())
    stop_requested.add_done_callback(lambda _: worker.stop())  # type: ignore[no-untyped-call]
    structlog.get_logger().info("worker started", concurrency=concurrency)
    try:
        await worker.run()  # type: ignore[no-untyped-call]
    finally:
        stop_requested.cancel()
    structlog.get_logger().info("worker stopped")


class _Worker(LibraryWorker):
    """The worker of procrastinate with two workarounds."""

    async def _periodic_deferrer(self) -> None:
        # the scheduler does that; for ever, because the library stops to watch over its heartbeat
        # once any of its side tasks has ended
        await asyncio.Event().wait()

    async def _persist_job_status(self, *args: Any, **known: Any) -> None:
        """Record the outcome of a job, with retries.

        The library tries once; after a short database failure the job would count as running as
        long as this worker lives.
        """
        for pause in _RECORD_PAUSES_SECONDS:
            try:
                await super()._persist_job_status(*args, **known)
            except UniqueViolation:
                # another job with its queueing lock waits already and will do this work
                known |= {"retry_decision": None, "status": Status.ABORTED}
            except DATABASE_UNAVAILABLE as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    # no longer our job: recovered, or recorded although the reply was lost
                    structlog.get_logger().warning("job ended elsewhere", job_id=known["job"].id)
                    return
                await asyncio.sleep(pause)
            else:
                return
        # at a new start, release the jobs that this worker still seems to run
        self.stop()  # type: ignore[no-untyped-call]

"""The process that enqueues periodic tasks.

Two of them may run at once: the database enqueues each tick only once.
"""

import asyncio
from collections.abc import Iterable

import structlog
from procrastinate import App
from procrastinate.periodic import PeriodicDeferrer

from chassis.jobs.adapter import connected
from chassis.jobs.process import Stop
from chassis.jobs.tasks import Task

# a tick missed for longer than this, with no scheduler running, is left out
_LATEST_SECONDS = 600


async def schedule(url: str, tasks: Iterable[Task[...]], stop: Stop) -> None:
    """Enqueue the periodic tasks among `tasks` on time until `stop`; wait for a lost database."""
    declared = [item for item in tasks if item.cron]

    async def once() -> None:
        async with connected(url, declared) as app:
            _register(app, declared)
            await _tick(app, stop)

    await stop.retry_until_stopped("scheduler", once)


def _register(app: App, tasks: Iterable[Task[...]]) -> None:
    for item in tasks:
        assert item.cron  # noqa: S101 - the caller chose those
        # skip a tick while one waits; never run two at a time
        app.periodic(cron=item.cron, lock=item.name, queueing_lock=item.name)(app.tasks[item.name])


async def _tick(app: App, stop: Stop) -> None:
    ticking = asyncio.create_task(
        PeriodicDeferrer(app.periodic_registry, max_delay=_LATEST_SECONDS).worker()
    )
    stop_requested = asyncio.create_task(stop.requested.wait())
    structlog.get_logger().info(
        "scheduler started", periodic_tasks=len(app.periodic_registry.periodic_tasks)
    )
    try:
        await asyncio.wait({ticking, stop_requested}, return_when=asyncio.FIRST_COMPLETED)
        if ticking.done():
            ticking.result()
    finally:
        ticking.cancel()
        stop_requested.cancel()
    structlog.get_logger().info("scheduler stopped")

"""The processes beside the server, as commands of `manage.py`: `worker` and `scheduler`."""

import asyncio
from collections.abc import Awaitable, Callable

from django.conf import settings

from chassis import logs, telemetry
from chassis.jobs.process import Stop, liveness


def run(process: Callable[[Stop], Awaitable[None]]) -> None:
    """Run until SIGTERM or SIGINT; with PROBE_PORT, answer GET /livez there meanwhile."""
    telemetry.start(settings.ENV, settings.SERVICE)
    try:
        asyncio.run(_run(process))
    finally:
        telemetry.stop()
        logs.flush()


async def _run(process: Callable[[Stop], Awaitable[None]]) -> None:
    stop = Stop()
    stop.listen()
    async with liveness(settings.ENV.probe_port):
        await process(stop)

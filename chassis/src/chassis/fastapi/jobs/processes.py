"""`python -m chassis worker` and `scheduler`: the processes of an API beside its server."""

import argparse
import asyncio
import sys
from importlib import import_module

from chassis import logs, telemetry
from chassis.fastapi.data.db import Database
from chassis.fastapi.jobs.tasks import Runtime, find_tasks, running
from chassis.fastapi.settings import ApiSettings
from chassis.jobs.process import Stop, liveness
from chassis.jobs.scheduler import schedule
from chassis.jobs.worker import work
from chassis.service import Service

# a job holds a connection for moments, and waits for one when all are taken
_MOST_CONNECTIONS = 20


def run(service: Service, options: argparse.Namespace, package: str = "api") -> None:
    """Run the process that `options.verb` names, until SIGTERM or SIGINT.

    Raises SettingsError, TaskError.
    """
    # `python -m` put the folder it was started in on the path, which may be a deeper one
    sys.path.insert(0, str(service.root))
    settings: ApiSettings = import_module(f"{package}.settings").Settings.load(service)
    logs.configure(settings, service)
    telemetry.start(settings, service)
    try:
        process = _work if options.verb == "worker" else _schedule
        asyncio.run(process(settings, service, package))
    finally:
        telemetry.stop()
        logs.flush()


async def _work(settings: ApiSettings, service: Service, package: str) -> None:
    stop, tasks = Stop(), find_tasks(package)
    stop.listen()
    size = min(settings.worker_concurrency, _MOST_CONNECTIONS)
    database = Database.at(settings.database_url, pool_size=size)
    runtime = Runtime(settings, service, database, tasks)
    try:
        async with liveness(settings.probe_port), running(runtime):
            await work(
                settings.database_url,
                tasks,
                stop,
                concurrency=settings.worker_concurrency,
                grace_seconds=settings.worker_grace_seconds,
            )
    finally:
        await database.dispose()


async def _schedule(settings: ApiSettings, service: Service, package: str) -> None:
    del service
    stop = Stop()
    stop.listen()
    async with liveness(settings.probe_port):
        await schedule(settings.database_url, find_tasks(package), stop)

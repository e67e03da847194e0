"""`manage.py worker`: the process that runs jobs."""

from argparse import ArgumentParser, ArgumentTypeError
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from chassis.django.jobs import processes, tasks
from chassis.jobs.worker import work

_GRACE_SECONDS = 20


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a number of jobs: use 1 or more")
    return int(text)


class Command(BaseCommand):
    """Run jobs until SIGTERM or SIGINT; jobs that run then have 20 seconds to end, after that they
    go back into the queue. With PROBE_PORT it answers GET /livez there."""

    help = "Run jobs until told to stop."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number of jobs at a time."""
        parser.add_argument("--concurrency", type=_count, default=4, help="jobs at the same time")

    def handle(self, *_args: Any, concurrency: int, **_options: Any) -> None:
        """Work; a database that goes away is waited for."""
        processes.run(
            partial(
                work,
                settings.ENV.database_url,
                tasks.find_tasks("web"),
                concurrency=concurrency,
                grace_seconds=_GRACE_SECONDS,
            )
        )

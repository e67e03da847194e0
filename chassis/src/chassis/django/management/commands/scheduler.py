"""`manage.py scheduler`: the process that enqueues periodic tasks on time."""

from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from chassis.django.jobs import processes, tasks
from chassis.jobs.scheduler import schedule


class Command(BaseCommand):
    """Enqueue periodic tasks until SIGTERM or SIGINT; workers run them. With PROBE_PORT it answers
    GET /livez there. One is enough, and two do no harm."""

    help = "Enqueue periodic tasks until told to stop."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Schedule; a database that goes away is waited for."""
        processes.run(partial(schedule, settings.ENV.database_url, tasks.find_tasks("web")))

"""The app that keeps the platform's schema in front of the service's own migrations."""

from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ChassisConfig(AppConfig):
    """Brings the schema `platform` and the cache table with every `migrate`, in tests too."""

    name = "chassis.django"
    label = "chassis"
    verbose_name = "Platform"

    def ready(self) -> None:
        """Hook into `migrate`, once for each run of it."""
        pre_migrate.connect(migrate_platform, sender=self)
        post_migrate.connect(finish, sender=self)


def migrate_platform(*, using: str, **_: Any) -> None:
    """Bring the platform's schema to its newest version and let a migration take its time.

    The time limits of requests do not fit a migration; waiting for a lock stays limited, because
    everybody else queues behind it.
    """
    from chassis import schema  # noqa: PLC0415 - needed by nothing but `migrate`

    connection = connections[using]
    connection.ensure_connection()
    schema.migrate(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


def finish(*, using: str, **_: Any) -> None:
    """Make the cache's table if there is none, and restore the limits."""
    call_command("createcachetable", database=using, verbosity=0)
    with connections[using].cursor() as cursor:
        cursor.execute("RESET statement_timeout")

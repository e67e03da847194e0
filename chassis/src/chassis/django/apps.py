"""The platform's app, and Django's admin with the platform's entrance."""

from typing import Any

from django.apps import AppConfig, apps
from django.apps.registry import Apps
from django.contrib.admin import apps as admin_apps
from django.core.management import call_command
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ChassisConfig(AppConfig):
    """Brings the schema `platform` and the cache table with every `migrate`, in tests too."""

    default = True
    name = "chassis.django"
    label = "chassis"
    verbose_name = "Platform"

    def ready(self) -> None:
        """Hook into `migrate`, once for each run of it, and begin to audit."""
        from chassis.django.audit import signals  # noqa: PLC0415 - needs the models

        signals.connect()
        pre_migrate.connect(migrate_platform, sender=self)
        post_migrate.connect(finish, sender=self)
        # the last app: by then every other one has its tables
        post_migrate.connect(sync_roles, sender=list(apps.get_app_configs())[-1])


class AdminConfig(admin_apps.AdminConfig):
    """Put this in INSTALLED_APPS in place of `django.contrib.admin`."""

    default = False
    default_site = "chassis.django.back_office.site.AdminSite"


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


def sync_roles(*, using: str, apps: Apps = apps, **_: Any) -> None:
    """Bring the groups in step with the roles in the code; not where accounts are migrated away."""
    try:
        apps.get_model("auth", "Group")
    except LookupError:
        return
    from chassis.django.people import groups  # noqa: PLC0415 - needs the models

    groups.sync(using=using)


def finish(*, using: str, **_: Any) -> None:
    """Make the cache's table if there is none, and restore the limits."""
    call_command("createcachetable", database=using, verbosity=0)
    with connections[using].cursor() as cursor:
        cursor.execute("RESET statement_timeout")

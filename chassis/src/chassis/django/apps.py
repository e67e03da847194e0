"""The platform's app, and Django's admin with the platform's site."""

from typing import Any

from django.apps import AppConfig, apps
from django.apps.registry import Apps
from django.contrib.admin import apps as admin_apps
from django.core.management import call_command
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ChassisConfig(AppConfig):
    """The platform's app; each `migrate` also updates the schema `platform` and the cache table."""

    default = True
    name = "chassis.django"
    label = "chassis"
    verbose_name = "Platform"

    def ready(self) -> None:
        """Connect the signals of `migrate` and of the audit trail."""
        from chassis.django.audit import signals  # noqa: PLC0415 - needs the models

        signals.connect()
        pre_migrate.connect(migrate_platform, sender=self)
        post_migrate.connect(finish_migrate, sender=self)
        # the last app: by then every other one has its tables
        post_migrate.connect(sync_roles, sender=list(apps.get_app_configs())[-1])


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin with the platform's site; list it instead of `django.contrib.admin`."""

    default = False
    default_site = "chassis.django.back_office.site.AdminSite"


def migrate_platform(*, using: str, **_: Any) -> None:
    """Upgrade the platform's schema, and turn off the statement timeout for the migration.

    A migration may need longer than a request. The lock timeout stays, because other queries queue
    behind a waiting lock.
    """
    from chassis import schema  # noqa: PLC0415 - needed by nothing but `migrate`

    connection = connections[using]
    connection.ensure_connection()
    schema.migrate(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


def sync_roles(*, using: str, apps: Apps = apps, **_: Any) -> None:
    """Update the groups to match the roles in the code, unless accounts are not migrated yet."""
    try:
        apps.get_model("auth", "Group")
    except LookupError:
        return
    from chassis.django.people import groups  # noqa: PLC0415 - needs the models

    groups.sync(using=using)


def finish_migrate(*, using: str, **_: Any) -> None:
    """Create the cache table if it is missing, and restore the statement timeout."""
    call_command("createcachetable", database=using, verbosity=0)
    with connections[using].cursor() as cursor:
        cursor.execute("RESET statement_timeout")

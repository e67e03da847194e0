"""DATA002."""

from collections.abc import Iterator
from typing import override

from django.apps import apps
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest


class ReversibleMigrations(SyncRule[SystemUnderTest]):
    """Each migration is reversible, each app has one latest migration, and none is missing."""

    id = "DATA002"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Give `RunPython` and `RunSQL` a reverse operation (`RunPython.noop` if there is nothing
        to reverse). If an app has two latest migrations, merge them: `uv run just with-db web
        python manage.py makemigrations --merge`. If a migration is missing, write it: `uv run just
        migration web "add notes"`.
        """
        loader = MigrationLoader(connection)
        for app, names in loader.detect_conflicts().items():
            yield Finding(app, f"has more than one latest migration: {', '.join(sorted(names))}")
        for (app, name), migration in sorted(loader.disk_migrations.items()):
            if app in _own_apps():
                for operation in migration.operations:
                    if not operation.reversible:
                        message = f"cannot reverse `{operation.describe()}`"
                        yield Finding(f"{app}.{name}", message)
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        for app in sorted(detector.changes(graph=loader.graph)):
            yield Finding(app, "has changes in its models without a migration")


def _own_apps() -> set[str]:
    """Return the labels of the apps in the service's folder `web/`."""
    return {app.label for app in apps.get_app_configs() if app.name.startswith("web.")}

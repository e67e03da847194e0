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
    """Every migration of ours can be undone, each app has one newest, and none is missing."""

    id = "DATA002"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Give `RunPython` and `RunSQL` their way back (`RunPython.noop` where nothing is to be
        done). Of two newest make one: `uv run just with-db web python manage.py makemigrations
        --merge`. What the models have and the migrations do not: `uv run just migration web "add
        notes"`.
        """
        loader = MigrationLoader(connection)
        for app, names in loader.detect_conflicts().items():
            yield Finding(app, f"has more than one newest migration: {', '.join(sorted(names))}")
        for (app, name), migration in sorted(loader.disk_migrations.items()):
            if app in _own():
                for operation in migration.operations:
                    if not operation.reversible:
                        seen = f"cannot undo `{operation.describe()}`"
                        yield Finding(f"{app}.{name}", seen)
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        for app in sorted(detector.changes(graph=loader.graph)):
            yield Finding(app, "has models that no migration makes")


def _own() -> set[str]:
    """The labels of the apps in the service's folder."""
    return {app.label for app in apps.get_app_configs() if app.name.startswith("web.")}

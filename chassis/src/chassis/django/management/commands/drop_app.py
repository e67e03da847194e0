"""`manage.py drop_app LABEL`: an app leaves the database; `just drop-example` calls it."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """Drop the tables of one app, its permissions and its content types, and no table besides."""

    help = "Drop the tables of an app; refuses while another app's migrations build on them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the app."""
        parser.add_argument("label")

    def handle(self, *_args: Any, label: str, **_options: Any) -> None:
        """Drop them, or name the apps that would lose tables with it."""
        if others := _also_unapplied(label):
            raise CommandError(
                f"Migrations of {', '.join(others)} build on {label}, and their tables would go "
                f"with it: take the references to {label} out of them first."
            )
        call_command("migrate", label, "zero", interactive=False)
        # Django keeps them for an app that may come back; permissions go with their content type
        ContentType.objects.filter(app_label=label).delete()


def _also_unapplied(label: str) -> list[str]:
    plan = MigrationExecutor(connection).migration_plan([(label, None)])
    return sorted({migration.app_label for migration, _ in plan} - {label})

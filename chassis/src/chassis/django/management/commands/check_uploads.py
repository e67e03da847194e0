"""`manage.py check_uploads`: whether every file that a row names is where uploads lie."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import FileField, Model


class Command(BaseCommand):
    """For after a restore: database and uploads are backed up one after the other."""

    help = "Say which rows name a file that is not there; exits with 1 if there are any."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Look for every file, in the bucket or on the disk."""
        rows = [(row, field) for model in apps.get_models() for row, field in _named(model)]
        gone = [(row, field) for row, field in rows if not _is_there(row, field)]
        for row, field in gone:
            self.stdout.write(f"{row._meta.label} {row.pk}: its {field.name} is not there")
        if gone:
            raise CommandError(f"{len(gone)} of {len(rows)} files are not there: restore them.")
        self.stdout.write(f"All {len(rows)} files are there.")


def _named(model: type[Model]) -> Iterator[tuple[Model, FileField]]:
    for field in model._meta.local_fields:
        if isinstance(field, FileField):
            named = model._default_manager.exclude(**{field.name: ""})
            # nothing but the key and the name: there may be many rows
            for row in named.only("pk", field.name).iterator():
                yield row, field


def _is_there(row: Model, field: FileField) -> bool:
    stored = field.value_from_object(row)
    return bool(stored.storage.exists(stored.name))

"""Django's command line, and the platform's commands for it."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

__all__ = ["execute"]


def execute(arguments: list[str]) -> None:
    """Run a command of `manage.py`; `arguments` are those of the process.

    A database that cannot be reached is one sentence and exit code 1: nothing is to be debugged.
    With `--traceback` it is Django's traceback.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "web.settings")
    try:
        execute_from_command_line(arguments)
    except OperationalError as error:
        # only here: it needs Django's settings
        from chassis.django.errors import is_lost_database  # noqa: PLC0415

        if "--traceback" in arguments or not is_lost_database(error):
            raise
        reason = str(error).strip().splitlines()[0]
        sys.exit(
            f"The database cannot be reached ({reason}): start it, or correct WEB_DATABASE_URL or "
            "DATABASE_URL."
        )

"""``python -m chassis migrate``: every half's migrations, the platform's first.

The adapters see to the platform's schema when ``manage.py migrate`` or ``alembic`` starts.
"""

import sys

import psycopg

from chassis import processes, settings
from chassis.operations.errors import OperationError
from chassis.service import Half, Service
from chassis.settings import SettingsError

_PATIENCE_SECONDS = 5
_COMMANDS: dict[Half, list[str]] = {
    "web": processes.tool("web", "migrate", "--no-input"),
    "api": processes.tool("api", "upgrade", "heads"),
}


def run(service: Service, *halves: Half) -> None:
    """Bring the databases of ``halves`` (default: all) to their newest schema.

    Their server must be running. What the tools say goes to standard error, so that a chore which
    migrates first can still be piped. Raises CommandFailedError, OperationError when a database
    whose address was given does not answer.
    """
    for half in halves or service.halves:
        if url := settings.database_url(service, half):
            _check_answers(half, url)
        processes.run(service, *_COMMANDS[half], output=sys.stderr)


def _check_answers(half: Half, url: str) -> None:
    """Say in one sentence what the tools would say in a hundred lines."""
    try:
        psycopg.connect(url, connect_timeout=_PATIENCE_SECONDS).close()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise OperationError(
            f"The database of {half} cannot be reached ({reason}): start it, or correct "
            f"{half.upper()}_DATABASE_URL or DATABASE_URL."
        ) from None


def needs_server(service: Service) -> bool:
    """Say whether the development database has to run first: not in production, and not where
    every half was given an address (in a container, for example)."""
    return settings.environment(service).is_local and not _all_given(service)


def given(service: Service) -> None:
    """Migrate the databases whose addresses were given.

    Raises SettingsError when one was not, or in a build; OperationError, CommandFailedError.
    """
    settings.environment(service).refuse_build()
    if not _all_given(service):
        raise SettingsError("DATABASE_URL: missing; set it to postgresql://user:password@host/db.")
    run(service)


def _all_given(service: Service) -> bool:
    return all(settings.database_url(service, half) for half in service.halves)

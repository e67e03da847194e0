"""`python -m chassis migrate`: every half's migrations, the platform's first.

The adapters see to the platform's schema when `manage.py migrate` or `alembic` starts.
"""

import argparse
import sys

import psycopg

from chassis import processes
from chassis.environment import SettingsError, database_url, read_environment
from chassis.errors import UserError
from chassis.service import Half, Service

_PATIENCE_SECONDS = 5
_COMMANDS: dict[Half, list[str]] = {
    "web": processes.tool("web", "migrate", "--no-input"),
    "api": processes.tool("api", "upgrade", "heads"),
}


def run(service: Service, options: argparse.Namespace) -> None:
    """Bring every database to its newest schema, and start the development server where needed.

    Raises SettingsError in a build and where an address is missing, UserError, CommandFailedError.
    """
    del options
    read_environment(service).refuse_build()
    if not needs_server(service):
        _require_addresses(service)
        upgrade(service)
        return
    # only here: an image lacks it
    from chassis import devdb  # noqa: PLC0415

    with devdb.available(service):
        upgrade(service)


def upgrade(service: Service, *halves: Half) -> None:
    """Bring the databases of `halves` (default: all) to their newest schema.

    Their server must be running. The tools print to standard error, so that a command which
    migrates first can still be piped. Raises CommandFailedError, UserError when a database
    whose address was given does not answer.
    """
    for half in halves or service.halves:
        if url := database_url(service, half):
            _check_answers(half, url)
        processes.run(service, *_COMMANDS[half], output=sys.stderr)


def _check_answers(half: Half, url: str) -> None:
    """Say in one sentence what the tools would say in a hundred lines."""
    try:
        psycopg.connect(url, connect_timeout=_PATIENCE_SECONDS).close()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"The database of {half} cannot be reached ({reason}): start it, or correct "
            f"{half.upper()}_DATABASE_URL or DATABASE_URL."
        ) from None


def needs_server(service: Service) -> bool:
    """Say whether the development database has to run first: not in production, and not where
    every half was given an address (in a container, for example)."""
    return read_environment(service).is_local and not _all_given(service)


def _require_addresses(service: Service) -> None:
    if not _all_given(service):
        raise SettingsError("DATABASE_URL: missing; set it to postgresql://user:password@host/db.")


def _all_given(service: Service) -> bool:
    return all(database_url(service, half) for half in service.halves)

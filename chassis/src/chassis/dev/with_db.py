"""`python -m chassis with-db HALF COMMAND`: run a command while a half's database is up."""

import argparse

from chassis import devdb, migrate, processes
from chassis.errors import UserError
from chassis.service import HALVES, Half, Service


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the half and the command."""
    parser.add_argument("half", choices=HALVES)
    parser.add_argument("command", nargs=argparse.REMAINDER)


def run(service: Service, options: argparse.Namespace) -> None:
    """Run the command that `options` hold. Raises UserError without one, CommandFailedError."""
    if not options.command:
        raise UserError("with-db needs a command: just with-db web python manage.py shell.")
    run_with_database(service, options.half, options.command)


def run_with_database(service: Service, half: Half, command: list[str]) -> None:
    """Run `command` while the database of `half` is up and has its newest schema.

    Raises UserError for a half that the service does not have, CommandFailedError.
    """
    if half not in service.halves:
        raise UserError(f"This service has no {half} half: use {' or '.join(service.halves)}.")
    with devdb.available(service):
        migrate.upgrade(service, half)
        processes.run(service, *command)

"""Chores that need a database: ``with-db``, ``migration`` and ``seed``."""

import re

from chassis import devdb, migrate, processes
from chassis.dev.errors import ChoreError
from chassis.service import Half, Service


def with_database(service: Service, half: Half, command: list[str]) -> None:
    """Run ``command`` while ``half``'s database is up and at head.

    Raises ChoreError without a command, CommandFailedError.
    """
    if not command:
        raise ChoreError("with-db needs a command: just with-db web python manage.py shell.")
    with devdb.available(service):
        migrate.run(service, half)
        processes.run(service, *command)


def write_migration(service: Service, half: Half, message: str) -> None:
    """Write a migration of ``half`` from its models, named after ``message``.

    Raises ChoreError for a message without a word, CommandFailedError.
    """
    slug = "_".join(re.findall(r"[a-z0-9]+", message.lower()))
    if not slug:
        raise ChoreError('The migration needs a name: just migration web "add notes".')
    command = {
        "web": processes.tool("web", "makemigrations", "--name", slug),
        "api": processes.tool(
            "api", "revision", "--autogenerate", "--head", "api@head", "--message", message
        ),
    }
    with_database(service, half, command[half])


def seed(service: Service) -> None:
    """Fill the development databases: ``manage.py seed``, ``python -m api.seed``."""
    with devdb.available(service):
        migrate.run(service)
        for half in service.halves:
            if command := processes.own(service, half, "seed"):
                processes.run(service, *command)

"""`python -m chassis admin EMAIL`: make an administrator where the service has accounts."""

import argparse

from chassis import devdb, migrate, processes
from chassis.errors import UserError
from chassis.service import Service


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the address of the administrator."""
    parser.add_argument("email")


def run(service: Service, options: argparse.Namespace) -> None:
    """Make the administrator in Django, else in the API that owns its accounts.

    Raises UserError when the service has no accounts, CommandFailedError.
    """
    if not owns_accounts(service):
        raise UserError(
            "This service has no accounts: its callers bring tokens of another issuer; "
            "`uv run just token` makes one for development."
        )
    half = service.halves[0]
    with devdb.available(service):
        migrate.upgrade(service, half)
        processes.run(service, *processes.service_command(service, half, "admin", options.email))


def owns_accounts(service: Service) -> bool:
    """Return whether `service` has accounts, and so issues the tokens of its API itself."""
    return "web" in service.halves or bool(processes.service_command(service, "api", "admin"))

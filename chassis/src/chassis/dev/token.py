"""`python -m chassis token`: an access token for the service's API in development."""

import argparse

from chassis import devdb, migrate, processes
from chassis.dev import up
from chassis.dev.admin import owns_accounts
from chassis.errors import UserError
from chassis.service import Service

_OWN = (processes.PYTHON, "-m", "chassis.fastapi.accounts.development_token")


def run(service: Service, options: argparse.Namespace) -> None:
    """Print a token: of the web half if there is one, of the service itself where it owns its
    accounts, else of the development issuer. Of a web half alone it is an API key of a person.

    `options.arguments` are passed on: `--permissions "a b" --tenant UUID`, for a key after the
    address of the person. Raises UserError for a service without an API, CommandFailedError.
    """
    arguments = options.arguments
    if "api" not in service.halves and not (service.root / "web" / "api").is_dir():
        raise UserError("This service has no API that takes tokens: people sign in to it.")
    if "web" in service.halves:
        with devdb.available(service):
            migrate.upgrade(service, "web")
            command = "token" if "api" in service.halves else "api_key"
            processes.run(service, *processes.tool("web", command, *arguments))
        return
    if owns_accounts(service):
        processes.run(service, *_OWN, *arguments)
        return
    port = str(up.port(service, "issuer"))
    processes.run(service, processes.PYTHON, "-m", "devissuer", "token", "--port", port, *arguments)

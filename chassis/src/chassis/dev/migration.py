"""`python -m chassis migration HALF MESSAGE`: write a migration from the models of a half."""

import argparse
import re

from chassis import processes
from chassis.dev.with_db import run_with_database
from chassis.errors import UserError
from chassis.service import HALVES, Half, Service


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the half and the message, after which the migration is named."""
    parser.add_argument("half", choices=HALVES)
    parser.add_argument("message", help="what it does, in a few words")


def run(service: Service, options: argparse.Namespace) -> None:
    """Write the migration. Raises UserError for a message without a word, CommandFailedError."""
    slug = "_".join(re.findall(r"[a-z0-9]+", options.message.lower()))
    if not slug:
        raise UserError('The migration needs a name: just migration web "add notes".')
    commands: dict[Half, list[str]] = {
        "web": processes.tool("web", "makemigrations", "--name", slug),
        "api": processes.tool(
            "api", "revision", "--autogenerate", "--head", "api@head", "--message", options.message
        ),
    }
    run_with_database(service, options.half, commands[options.half])

"""The database that an operator names, and its address."""

import argparse
from contextlib import AbstractContextManager, nullcontext

from chassis import migrate
from chassis.environment import database_url, read_environment
from chassis.errors import UserError
from chassis.service import HALVES, Half, Service


def declare_half(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add `--half`; `purpose` is its help."""
    parser.add_argument("--half", choices=HALVES, help=purpose)


def only_half(service: Service, options: argparse.Namespace) -> Half:
    """Return the half that `options` name, or the only one. Raises UserError if there are two."""
    if options.half is None and len(service.halves) != 1:
        raise UserError("Say which database is meant: --half web or --half api.")
    half: Half = options.half or service.halves[0]
    return half


def address(service: Service, half: Half) -> str:
    """Return the address of the database of `half`. Raises UserError, SettingsError."""
    if half not in service.halves:
        raise UserError(f"This service has no {half} half.")
    if url := database_url(service, half):
        return url
    if not read_environment(service).is_local:
        raise UserError(
            "DATABASE_URL: missing; set it to postgresql://user:password@host/database."
        )
    # only here: an image lacks it
    from chassis import devdb  # noqa: PLC0415

    return devdb.url(service, half)


def server(service: Service) -> AbstractContextManager[None]:
    """Keep the development database running, unless the environment names others."""
    if not migrate.needs_server(service):
        return nullcontext()
    from chassis import devdb  # noqa: PLC0415

    return devdb.available(service)

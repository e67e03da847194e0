"""Filling the development database with what the domains bring along."""

import asyncio
import sys

from sqlalchemy.exc import OperationalError, ProgrammingError

from chassis.fastapi import discovery
from chassis.fastapi.data.db import Database
from chassis.fastapi.settings import ApiSettings


def run(package: str, settings: ApiSettings) -> None:
    """Call ``seed(session)`` of every ``<package>/<domain>/seed.py``, each in a transaction.

    They are written to change nothing when called again. Refuses a production database.
    """
    if not settings.environment.is_local:
        sys.exit("Seeds are for development: set ENVIRONMENT=development, or leave this alone.")
    try:
        asyncio.run(_run(package, settings))
    except OperationalError:
        sys.exit("The database does not answer: start it with `just up`, then try again.")
    except ProgrammingError as error:
        sys.exit(f"The database is not migrated ({error.orig}): run `just migrate` first.")


async def _run(package: str, settings: ApiSettings) -> None:
    database = Database.at(settings.database_url)
    try:
        for module in discovery.modules(package, "seed"):
            async with database.unit_of_work() as session:
                await module.seed(session)
            sys.stdout.write(f"{module.__name__}: done\n")
    finally:
        await database.dispose()

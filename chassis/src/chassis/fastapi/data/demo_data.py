"""Filling the development database with what the domains bring along."""

import asyncio
import sys
from uuid import UUID

from sqlalchemy.exc import OperationalError, ProgrammingError

from chassis.auth import SINGLE_TENANT
from chassis.fastapi import discovery
from chassis.fastapi.data.db import Database
from chassis.fastapi.settings import ApiSettings


def run(package: str, settings: ApiSettings, *, tenant: UUID = SINGLE_TENANT) -> None:
    """Call `add_demo_data(session, tenant)` of every `<package>/<domain>/demo_data.py`, each in
    a transaction.

    They are written to change nothing when called again. Refuses a production database.
    """
    if not settings.environment.is_local:
        sys.exit("Demo data is for development: set ENVIRONMENT=development, or leave this alone.")
    try:
        asyncio.run(_run(package, settings, tenant))
    except OperationalError:
        sys.exit("The database does not answer: start it with `just up`, then try again.")
    except ProgrammingError as error:
        sys.exit(f"The database is not migrated ({error.orig}): run `just migrate` first.")


async def _run(package: str, settings: ApiSettings, tenant: UUID) -> None:
    database = Database.at(settings.database_url)
    try:
        for module in discovery.modules(package, "demo_data"):
            async with database.unit_of_work() as session:
                await module.add_demo_data(session, tenant)
            sys.stdout.write(f"{module.__name__}: done\n")
    finally:
        await database.dispose()

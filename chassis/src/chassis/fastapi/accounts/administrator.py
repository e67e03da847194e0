"""The first account: `just admin EMAIL`."""

import argparse
import asyncio
import getpass
import os
import sys

from sqlalchemy.exc import OperationalError

from chassis import accounts
from chassis.fastapi.app import Application
from chassis.fastapi.security.declared_permissions import permissions
from chassis.problems import ProblemError


def make_administrator(app: Application) -> None:
    """Create an account with every permission: `python -m api.admin EMAIL`.

    The password comes from `ADMIN_PASSWORD` or is asked for, because arguments are visible to
    everybody on the machine.
    """
    parser = argparse.ArgumentParser(prog="just admin", description="Create an administrator.")
    parser.add_argument("email", help="the address to sign in with")
    email = parser.parse_args().email
    password = os.environ.get("ADMIN_PASSWORD") or getpass.getpass(f"Password for {email}: ")
    try:
        asyncio.run(_create(app, email, password))
    except (accounts.AccountError, ProblemError) as error:
        sys.exit(str(error))
    except OperationalError:
        sys.exit("The database does not answer: start it with `just up`, then try again.")
    sys.stdout.write(f"{email} may sign in at POST /v1/auth/token and do everything.\n")


async def _create(app: Application, email: str, password: str) -> None:
    await accounts.create(
        app.platform.database.driver,
        email=email,
        password=password,
        permissions=permissions(app),
    )
    await app.platform.database.dispose()

"""`just token` where the service signs its own tokens: one without an account, to develop."""

import argparse
import sys
from importlib import import_module
from uuid import UUID

from chassis import accounts
from chassis.auth import SINGLE_TENANT
from chassis.fastapi.settings import AUDIENCE, AccountSettings
from chassis.service import load

_NOBODY = UUID(int=0)


def main() -> None:
    """Print a token that is valid for ten minutes, signed with the key of this checkout."""
    parser = argparse.ArgumentParser(prog="just token", description=__doc__)
    parser.add_argument("--permissions", default="", help='for example "endpoints:read"')
    parser.add_argument("--subject", type=UUID, default=_NOBODY, help="the id of an account")
    parser.add_argument(
        "--tenant", type=UUID, default=SINGLE_TENANT, help="default: the single one"
    )
    options = parser.parse_args()
    service = load()
    settings: AccountSettings = import_module("api.settings").Settings.load(service)
    if not settings.environment.is_local:
        sys.exit("Tokens without an account are for development: sign in at POST /v1/auth/token.")
    account = accounts.Account(
        options.subject, "developer@localhost", options.tenant, options.permissions.split()
    )
    token = accounts.access_token(
        account,
        key=settings.signing_key(service),
        issuer=settings.issuer(service),
        audience=AUDIENCE,
    )
    sys.stdout.write(f"{token}\n")


if __name__ == "__main__":
    main()

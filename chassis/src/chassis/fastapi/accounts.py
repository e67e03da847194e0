"""Sign-in for a service that owns its accounts (``auth=local``), and making the first of them."""

import argparse
import asyncio
import getpass
import os
import sys
from typing import Annotated, Literal
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, SecretStr, ValidationError
from sqlalchemy.exc import OperationalError

from chassis import accounts
from chassis.auth import SigningKey
from chassis.fastapi.app import Application
from chassis.fastapi.platform import Platform
from chassis.fastapi.problems import declared
from chassis.fastapi.routes import walk
from chassis.fastapi.scope import PLATFORM
from chassis.fastapi.security import public, requires
from chassis.fastapi.settings import AUDIENCE, AccountSettings
from chassis.problems import ProblemError

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_keys: WeakKeyDictionary[Platform, SigningKey] = WeakKeyDictionary()

router = APIRouter(prefix="/v1/auth", tags=["auth"])


class Credentials(BaseModel):
    """What somebody signs in with."""

    email: str = Field(min_length=3, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=256)


class AccessToken(BaseModel):
    """A token for ``Authorization: Bearer`` (RFC 6750)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(description="Seconds until a new one is needed.")


async def _credentials(request: Request) -> Credentials:
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == JSON:
            return Credentials.model_validate_json(body)
        if kind == FORM:
            return Credentials.model_validate(_fields(body))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in details]
        ) from None
    raise ProblemError(415, None, f"Send the body as {JSON} or {FORM}.")


def _fields(body: bytes) -> dict[str, str]:
    try:
        return {
            name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=10).items()
        }
    except ValueError:
        return {}


_BODY = {"schema": {"$ref": "#/components/schemas/Credentials"}}


@router.post(
    "/token",
    dependencies=[Depends(public)],
    responses=declared(401, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": {JSON: _BODY, FORM: _BODY}}},
)
async def issue_token(
    request: Request,
    response: Response,
    credentials: Annotated[Credentials, Depends(_credentials)],
) -> AccessToken:
    """Exchange an e-mail address and a password for an access token of ten minutes."""
    platform: Platform = request.scope[PLATFORM]
    settings = _own(platform)
    account = await accounts.authenticate(
        platform.database.driver,
        email=credentials.email,
        password=credentials.password.get_secret_value(),
    )
    if platform not in _keys:
        _keys[platform] = settings.signing_key(platform.service)
    token = accounts.access_token(
        account,
        key=_keys[platform],
        issuer=settings.issuer(platform.service),
        audience=AUDIENCE,
    )
    response.headers["Cache-Control"] = "no-store"
    return AccessToken(access_token=token, expires_in=accounts.TOKEN_SECONDS)


def _own(platform: Platform) -> AccountSettings:
    if not isinstance(platform.settings, AccountSettings):
        raise TypeError("A service with sign-in needs settings derived from AccountSettings.")
    return platform.settings


def permissions(app: Application) -> list[str]:
    """Return every permission that a route of ``app`` asks for."""
    calls = (call for entry in walk(app) for call in entry.calls)
    return sorted({call.permission for call in calls if isinstance(call, requires)})


def make_administrator(app: Application) -> None:
    """Make an account with every permission: ``python -m api.admin EMAIL``.

    The password comes from ``ADMIN_PASSWORD`` or is asked for, because arguments are visible to
    everybody on the machine.
    """
    parser = argparse.ArgumentParser(prog="just admin", description="Make an administrator.")
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

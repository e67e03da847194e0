"""Tokens for clients that keep them themselves: sign in, refresh, revoke."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from chassis import accounts
from chassis.fastapi.accounts.schemas import AccessToken, Credentials, RefreshTokenBody
from chassis.fastapi.accounts.services import AccountServices, Services
from chassis.fastapi.security.permissions import public
from chassis.openapi import declared
from chassis.problems import ProblemError

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

router = APIRouter()


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
    responses=declared(401, 415, 422, 429, 503),
    openapi_extra={"requestBody": {"required": True, "content": {JSON: _BODY, FORM: _BODY}}},
)
async def issue_token(
    request: Request,
    response: Response,
    services: Services,
    credentials: Annotated[Credentials, Depends(_credentials)],
) -> AccessToken:
    """Exchange an e-mail address and a password for an access token of ten minutes."""
    return _answer(response, services, await sign_in(request, services, credentials))


@router.post("/refresh", dependencies=[Depends(public)], responses=declared(401))
async def refresh_token(
    body: RefreshTokenBody, response: Response, services: Services
) -> AccessToken:
    """Exchange a refresh token for the next access token and the next refresh token."""
    shown = body.refresh_token.get_secret_value()
    signed_in = await accounts.refresh(services.connect, shown, key=services.refresh_key)
    return _answer(response, services, signed_in)


@router.post("/revoke", dependencies=[Depends(public)], status_code=204)
async def revoke_token(body: RefreshTokenBody, services: Services) -> None:
    """End the session of a refresh token (RFC 7009: one that is worth nothing is no error)."""
    shown = body.refresh_token.get_secret_value()
    await accounts.end_session(services.connect, shown, key=services.refresh_key)


async def sign_in(
    request: Request, services: AccountServices, credentials: Credentials
) -> accounts.SignedIn:
    """Open a session. Raises ProblemError 401, 429, 503."""
    await services.limit_sign_in(request, credentials.email)
    return await accounts.sign_in(
        services.connect,
        email=credentials.email,
        password=credentials.password.get_secret_value(),
        device=request.headers.get("user-agent", ""),
        key=services.refresh_key,
    )


def _answer(
    response: Response, services: AccountServices, signed_in: accounts.SignedIn
) -> AccessToken:
    response.headers["Cache-Control"] = "no-store"
    return AccessToken(
        access_token=services.access_token(signed_in),
        expires_in=accounts.TOKEN_SECONDS,
        refresh_token=signed_in.refresh_token,
    )

"""Everything under `/v1/api-keys`; a key itself gets nowhere here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from chassis import api_keys
from chassis.api_keys import ApiKey, Peppers
from chassis.auth import Principal
from chassis.fastapi.api_keys.schemas import (
    ApiKeyList,
    ApiKeyView,
    MadeApiKey,
    NewApiKey,
    Rotation,
)
from chassis.fastapi.data.db import Session, driver_connection
from chassis.fastapi.requests.idempotency import IdempotentRoute
from chassis.fastapi.requests.scope import PLATFORM
from chassis.fastapi.security.permissions import requires
from chassis.openapi import declared
from chassis.problems import ProblemError


@asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[None]:
    """Save the last use of keys at intervals and at shutdown."""
    usage = app.platform.api_keys.usage
    writing = asyncio.create_task(usage.run())
    yield
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    await usage.flush()


async def _keep_nowhere(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


router = APIRouter(
    prefix="/v1/api-keys",
    tags=["api keys"],
    # a retry is told that its answer was not kept, instead of making a second key
    route_class=IdempotentRoute,
    dependencies=[Depends(_keep_nowhere)],
    lifespan=_lifespan,
)


def _person(permission: str) -> Any:
    """Require `permission`, and refuse API keys: a leaked key must not create more keys."""

    async def check(caller: Annotated[Principal, Depends(requires(permission))]) -> Principal:
        if caller.issuer == api_keys.ISSUER:
            raise ProblemError(
                403, "permission-denied", "An API key may not list or manage API keys."
            )
        return caller

    return Depends(check)


Reader = Annotated[Principal, _person("api-keys:read")]
Writer = Annotated[Principal, _person("api-keys:write")]


async def get_peppers(request: Request) -> Peppers:
    """Return the peppers that keys are hashed with."""
    peppers: Peppers = request.scope[PLATFORM].api_keys.peppers
    return peppers


Pepper = Annotated[Peppers, Depends(get_peppers)]


@router.post("", status_code=201, responses=declared(409))
async def create_api_key(
    new: NewApiKey, session: Session, caller: Writer, peppers: Pepper
) -> MadeApiKey:
    """Make a key that may do some of what its creator may."""
    try:
        created = await api_keys.create(
            await driver_connection(session),
            caller,
            name=new.name,
            permissions=new.permissions,
            lifetime=timedelta(days=new.expires_in_days),
            peppers=peppers,
        )
    except api_keys.ApiKeyError as error:
        raise ProblemError(409, "no-api-key", str(error)) from None
    return _shown(*created)


@router.get("")
async def list_api_keys(session: Session, caller: Reader) -> ApiKeyList:
    """List the live keys of the caller's tenant, without their secrets."""
    keys = await api_keys.list_keys(await driver_connection(session), caller.tenant)
    return ApiKeyList(items=[ApiKeyView.model_validate(item) for item in keys])


@router.post("/{key_id}/rotation", status_code=201, responses=declared(409))
async def rotate_api_key(
    key_id: UUID, body: Rotation, session: Session, caller: Writer, peppers: Pepper
) -> MadeApiKey:
    """Make the successor of a key; the old one works until the overlap ends."""
    try:
        successor = await api_keys.rotate(
            await driver_connection(session),
            key_id,
            caller,
            overlap=timedelta(hours=body.overlap_hours),
            lifetime=timedelta(days=body.expires_in_days),
            peppers=peppers,
        )
    except api_keys.ApiKeyError as error:
        raise ProblemError(409, "no-api-key", str(error)) from None
    if successor is None:
        raise _unknown()
    return _shown(*successor)


@router.delete("/{key_id}", status_code=204)
async def revoke_api_key(key_id: UUID, session: Session, caller: Writer) -> None:
    """Revoke a key; it works nowhere after thirty seconds."""
    connection = await driver_connection(session)
    if not await api_keys.revoke(connection, key_id, tenant=caller.tenant):
        raise _unknown()


def _shown(key: ApiKey, text: str) -> MadeApiKey:
    return MadeApiKey(**ApiKeyView.model_validate(key).model_dump(), key=text)


def _unknown() -> ProblemError:
    return ProblemError(404, None, "The API key does not exist.")

"""The REST interface of this domain."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from chassis.auth import Principal
from chassis.fastapi import CurrentPrincipal, requires
from chassis.fastapi.db import Session
from chassis.fastapi.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from chassis.problems import ProblemError
from fastapi import APIRouter, Depends, Response

from api.webhooks import service
from api.webhooks.models import Endpoint
from api.webhooks.schemas import EndpointView, NewEndpoint

router = APIRouter(prefix="/v1/endpoints", tags=["webhooks"])

may_read = requires("endpoints:read")
may_write = requires("endpoints:write")
Reader = Annotated[Principal, Depends(may_read)]
Writer = Annotated[Principal, Depends(may_write)]


async def found(endpoint_id: UUID, session: Session, caller: CurrentPrincipal) -> Endpoint:
    """Return the endpoint in the path; for the caller another tenant's does not exist."""
    endpoint = await service.find(session, endpoint_id, tenant=caller.tenant)
    if endpoint is None:
        raise ProblemError(404, None, "There is no such endpoint.")
    return endpoint


Found = Annotated[Endpoint, Depends(found)]


@router.post("", status_code=HTTPStatus.CREATED, response_model=EndpointView)
async def create_endpoint(
    new: NewEndpoint, session: Session, caller: Writer, response: Response
) -> Endpoint:
    """Register an address that events are delivered to."""
    endpoint = await service.register(session, new, tenant=caller.tenant)
    response.headers["Location"] = f"{router.prefix}/{endpoint.id}"
    return endpoint


@router.get("")
async def list_endpoints(
    session: Session, caller: Reader, limit: Limit = DEFAULT_LIMIT, after: Cursor = None
) -> Page[EndpointView]:
    """List the caller's endpoints, newest first."""
    rows, following = await service.page(session, tenant=caller.tenant, limit=limit, after=after)
    items = [EndpointView.model_validate(row) for row in rows]
    return Page(items=items, next_cursor=following)


@router.get("/{endpoint_id}", response_model=EndpointView, dependencies=[Depends(may_read)])
async def get_endpoint(endpoint: Found) -> Endpoint:
    """Show one endpoint."""
    return endpoint


@router.delete(
    "/{endpoint_id}", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(may_write)]
)
async def delete_endpoint(endpoint: Found, session: Session) -> None:
    """Remove one endpoint; nothing more is delivered to it."""
    await session.delete(endpoint)

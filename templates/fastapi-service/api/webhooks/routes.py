"""The REST API of this domain."""

from typing import Annotated
from uuid import UUID

from chassis.auth import Principal
from chassis.fastapi.data.db import Session
from chassis.fastapi.data.filters import filtered
from chassis.fastapi.data.pagination import DEFAULT_LIMIT, Cursor, Limit, Page
from chassis.fastapi.requests.etags import Reading, Writing
from chassis.fastapi.requests.idempotency import IdempotentRoute
from chassis.fastapi.security.permissions import CurrentPrincipal, requires
from chassis.problems import ProblemError
from chassis.webhooks.delivery import State
from fastapi import APIRouter, Depends, Response

from api.webhooks import service
from api.webhooks.models import Delivery, Endpoint, Event
from api.webhooks.schemas import (
    DeliveryDetails,
    DeliveryFilter,
    DeliveryView,
    EndpointChange,
    EndpointSecret,
    EndpointView,
    EventsView,
    EventView,
    NewEndpoint,
    NewEvent,
    NewEvents,
    Replayed,
)

router = APIRouter(prefix="/v1", tags=["webhooks"], route_class=IdempotentRoute)

read_endpoints = Depends(requires("endpoints:read"))
write_endpoints = Depends(requires("endpoints:write"))
read_deliveries = Depends(requires("deliveries:read"))
write_deliveries = Depends(requires("deliveries:write"))
Producer = Annotated[Principal, Depends(requires("events:write"))]
Filters = Annotated[DeliveryFilter, Depends(filtered(DeliveryFilter))]


async def found_endpoint(endpoint_id: UUID, session: Session, caller: CurrentPrincipal) -> Endpoint:
    """Return the endpoint in the path. Raises 404 if the caller's tenant does not have it."""
    endpoint = await service.find_endpoint(session, endpoint_id, tenant=caller.tenant)
    if endpoint is None:
        raise ProblemError(404, None, "Endpoint not found.")
    return endpoint


async def found_delivery(delivery_id: UUID, session: Session, caller: CurrentPrincipal) -> Delivery:
    """Return the delivery in the path. Raises 404 if the caller's tenant does not have it."""
    delivery = await service.find_delivery(session, delivery_id, tenant=caller.tenant)
    if delivery is None:
        raise ProblemError(404, None, "Delivery not found.")
    return delivery


FoundEndpoint = Annotated[Endpoint, Depends(found_endpoint)]
FoundDelivery = Annotated[Delivery, Depends(found_delivery)]


def _secret(endpoint: Endpoint, secret: str, response: Response) -> EndpointSecret:
    response.headers["Cache-Control"] = "no-store"
    shown = EndpointView.model_validate(endpoint).model_dump()
    return EndpointSecret(**shown, secret=secret)


@router.post("/endpoints", status_code=201, dependencies=[write_endpoints])
async def create_endpoint(
    new: NewEndpoint, session: Session, caller: CurrentPrincipal, response: Response
) -> EndpointSecret:
    """Register a URL for deliveries of events. Only this response contains the secret."""
    endpoint, secret = await service.register(session, new, tenant=caller.tenant)
    response.headers["Location"] = f"{router.prefix}/endpoints/{endpoint.id}"
    return _secret(endpoint, secret, response)


@router.get("/endpoints", dependencies=[read_endpoints])
async def list_endpoints(
    session: Session, caller: CurrentPrincipal, limit: Limit = DEFAULT_LIMIT, after: Cursor = None
) -> Page[EndpointView]:
    """List the caller's endpoints, newest first."""
    rows, following = await service.endpoints(
        session, tenant=caller.tenant, limit=limit, after=after
    )
    items = [EndpointView.model_validate(row) for row in rows]
    return Page(items=items, next_cursor=following)


@router.get("/endpoints/{endpoint_id}", response_model=EndpointView, dependencies=[read_endpoints])
async def get_endpoint(endpoint: FoundEndpoint, reading: Reading) -> Endpoint:
    """Return one endpoint."""
    reading.tag(endpoint.version)
    return endpoint


@router.patch(
    "/endpoints/{endpoint_id}", response_model=EndpointView, dependencies=[write_endpoints]
)
async def change_endpoint(
    endpoint: FoundEndpoint, wanted: EndpointChange, session: Session, writing: Writing
) -> Endpoint:
    """Change the given fields of an endpoint. The other fields stay the same."""
    writing.check(endpoint.version)
    await service.change(session, endpoint, wanted)
    writing.tag(endpoint.version)
    return endpoint


@router.delete("/endpoints/{endpoint_id}", status_code=204, dependencies=[write_endpoints])
async def delete_endpoint(endpoint: FoundEndpoint, session: Session) -> None:
    """Delete an endpoint and its deliveries. Nothing more is sent to it."""
    await session.delete(endpoint)


@router.post("/endpoints/{endpoint_id}/secret", dependencies=[write_endpoints])
async def rotate_secret(
    endpoint: FoundEndpoint, session: Session, response: Response
) -> EndpointSecret:
    """Create a new secret; only this response contains it. The old one also signs for one day."""
    secret = await service.rotate(session, endpoint)
    return _secret(endpoint, secret, response)


@router.post(
    "/endpoints/{endpoint_id}/test",
    status_code=202,
    response_model=DeliveryView,
    dependencies=[write_endpoints],
)
async def send_test_event(endpoint: FoundEndpoint, session: Session) -> Delivery:
    """Send an event of type `webhook.test` to one endpoint."""
    return await service.send_test(session, endpoint)


@router.post("/endpoints/{endpoint_id}/replay", status_code=202, dependencies=[write_deliveries])
async def replay_endpoint(endpoint: FoundEndpoint, session: Session) -> Replayed:
    """Send all dead deliveries of an endpoint again."""
    count = await service.replay(session, endpoint_id=endpoint.id, state=State.DEAD)
    return Replayed(replayed=count)


@router.post("/events", status_code=202, response_model=EventView)
async def post_event(new: NewEvent, session: Session, caller: Producer) -> Event:
    """Accept an event and deliver it to every endpoint that subscribes to its type."""
    accepted = await service.accept(session, [new], tenant=caller.tenant)
    return accepted[0]


@router.post("/events/batch", status_code=202)
async def post_events(new: NewEvents, session: Session, caller: Producer) -> EventsView:
    """Accept several events: all of them or none."""
    accepted = await service.accept(session, new.events, tenant=caller.tenant)
    return EventsView(items=[EventView.model_validate(event) for event in accepted])


@router.get("/deliveries", dependencies=[read_deliveries])
async def list_deliveries(
    session: Session,
    caller: CurrentPrincipal,
    wanted: Filters,
    limit: Limit = DEFAULT_LIMIT,
    after: Cursor = None,
) -> Page[DeliveryView]:
    """List deliveries, newest first."""
    rows, following = await service.deliveries(
        session, wanted, tenant=caller.tenant, limit=limit, after=after
    )
    items = [DeliveryView.model_validate(row) for row in rows]
    return Page(items=items, next_cursor=following)


@router.get(
    "/deliveries/{delivery_id}", response_model=DeliveryDetails, dependencies=[read_deliveries]
)
async def get_delivery(delivery: FoundDelivery) -> Delivery:
    """Return one delivery with its attempts."""
    return delivery


@router.post("/deliveries/{delivery_id}/replay", status_code=202, dependencies=[write_deliveries])
async def replay_delivery(delivery: FoundDelivery, session: Session) -> Replayed:
    """Send one delivery again, in any state."""
    return Replayed(replayed=await service.replay(session, id=delivery.id))

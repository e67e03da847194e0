"""The GraphQL interface of this domain, on the same services."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import strawberry
from chassis.fastapi.graphql import Info
from chassis.fastapi.pages import DEFAULT_LIMIT, check
from chassis.webhooks.delivery import State
from pydantic import BaseModel
from strawberry.scalars import JSON

from api.webhooks import service
from api.webhooks.schemas import (
    DeliveryFilter,
    DeliveryView,
    EndpointView,
    NewEndpoint,
    NewEvent,
)

strawberry.enum(State, name="DeliveryState")


class _Node:
    shows: ClassVar[type[BaseModel]]

    @classmethod
    def of(cls, row: object) -> Self:
        """Show what REST shows of a row."""
        shown = cls.shows.model_validate(row)
        return cls(**{name: getattr(shown, name) for name in cls.shows.model_fields})


@strawberry.type(name="Endpoint")
class EndpointNode(_Node):
    """A registered endpoint."""

    shows = EndpointView
    id: UUID
    url: str
    description: str
    event_types: list[str]
    enabled: bool
    created_at: datetime


@strawberry.type
class RegisteredEndpoint:
    """An endpoint with the secret that signs its deliveries, shown this once."""

    endpoint: EndpointNode
    secret: str


@strawberry.type(name="Delivery")
class DeliveryNode(_Node):
    """An event on its way to an endpoint."""

    shows = DeliveryView
    id: UUID
    endpoint_id: UUID
    url: str
    event_id: UUID
    event_type: str
    state: State
    tries: int
    due_at: datetime
    created_at: datetime


@strawberry.type
class Page[Item]:
    """Some items, newest first; `nextCursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


@strawberry.type
class Query:
    """What may be asked."""

    @strawberry.field
    async def endpoints(
        self, info: Info, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> Page[EndpointNode]:
        """List the caller's endpoints."""
        check(limit=limit, after=after)
        tenant = info.context.caller.tenant
        async with info.context.transaction("endpoints:read") as session:
            rows, following = await service.endpoints(
                session, tenant=tenant, limit=limit, after=after
            )
        return Page(items=[EndpointNode.of(row) for row in rows], next_cursor=following)

    @strawberry.field
    async def deliveries(
        self,
        info: Info,
        state: State | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[DeliveryNode]:
        """List the caller's deliveries."""
        check(limit=limit, after=after)
        wanted, tenant = DeliveryFilter(state=state), info.context.caller.tenant
        async with info.context.transaction("deliveries:read") as session:
            rows, following = await service.deliveries(
                session, wanted, tenant=tenant, limit=limit, after=after
            )
        return Page(items=[DeliveryNode.of(row) for row in rows], next_cursor=following)


@strawberry.type
class Mutation:
    """What may be done."""

    @strawberry.mutation
    async def register_endpoint(
        self, info: Info, url: str, description: str = ""
    ) -> RegisteredEndpoint:
        """Register an address that events are delivered to."""
        new = NewEndpoint.model_validate({"url": url, "description": description})
        async with info.context.transaction("endpoints:write") as session:
            row, secret = await service.register(session, new, tenant=info.context.caller.tenant)
        return RegisteredEndpoint(endpoint=EndpointNode.of(row), secret=secret)

    @strawberry.mutation
    async def post_event(
        self, info: Info, event_type: str, data: JSON, key: str | None = None
    ) -> UUID:
        """Accept an event, deliver it to every endpoint that wants its type, and return its id."""
        new = NewEvent.model_validate({"type": event_type, "data": data, "key": key})
        async with info.context.transaction("events:write") as session:
            rows = await service.accept(session, [new], tenant=info.context.caller.tenant)
        return rows[0].id

"""The GraphQL API of this domain. It calls the same services as REST."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import strawberry
from chassis.auth import Principal
from chassis.fastapi.data.pagination import DEFAULT_LIMIT, check
from chassis.fastapi.graphql.fields import Info, Page, by_id, field
from chassis.webhooks.delivery import State
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.scalars import JSON

from api.webhooks import service
from api.webhooks.models import Endpoint
from api.webhooks.schemas import DeliveryFilter, DeliveryView, EndpointView, NewEndpoint, NewEvent

find_endpoints = by_id(Endpoint)
strawberry.enum(State, name="DeliveryState")


class _Node:
    shows: ClassVar[type[BaseModel]]

    @classmethod
    def of(cls, row: object) -> Self:
        """Return the fields of a row that REST also returns."""
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
    """An endpoint with the secret that signs its deliveries. It cannot be read again."""

    endpoint: EndpointNode
    secret: str


@strawberry.type(name="Delivery")
class DeliveryNode(_Node):
    """The delivery of one event to one endpoint."""

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

    @strawberry.field
    async def endpoint(self, info: Info) -> EndpointNode | None:
        """Return the endpoint, or null without `endpoints:read`. One query loads a whole page."""
        row = await info.context.load("endpoints:read", find_endpoints, self.endpoint_id)
        return EndpointNode.of(row) if row else None


@strawberry.type
class Query:
    """The queries."""

    @field("endpoints:read")
    async def endpoints(
        self,
        session: AsyncSession,
        caller: Principal,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[EndpointNode]:
        """List the caller's endpoints."""
        check(limit=limit, after=after)
        rows, following = await service.endpoints(
            session, tenant=caller.tenant, limit=limit, after=after
        )
        return Page(items=[EndpointNode.of(row) for row in rows], next_cursor=following)

    @field("deliveries:read")
    async def deliveries(
        self,
        session: AsyncSession,
        caller: Principal,
        state: State | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[DeliveryNode]:
        """List the caller's deliveries."""
        check(limit=limit, after=after)
        wanted = DeliveryFilter(state=state)
        rows, following = await service.deliveries(
            session, wanted, tenant=caller.tenant, limit=limit, after=after
        )
        return Page(items=[DeliveryNode.of(row) for row in rows], next_cursor=following)


@strawberry.type
class Mutation:
    """The mutations."""

    @field("endpoints:write")
    async def register_endpoint(
        self, session: AsyncSession, caller: Principal, url: str, description: str = ""
    ) -> RegisteredEndpoint:
        """Register a URL for deliveries of events."""
        new = NewEndpoint.model_validate({"url": url, "description": description})
        row, secret = await service.register(session, new, tenant=caller.tenant)
        return RegisteredEndpoint(endpoint=EndpointNode.of(row), secret=secret)

    @field("events:write")
    async def post_event(
        self,
        session: AsyncSession,
        caller: Principal,
        event_type: str,
        data: JSON,
        key: str | None = None,
    ) -> UUID:
        """Accept an event, deliver it to each endpoint that subscribes to it, and return its id."""
        new = NewEvent.model_validate({"type": event_type, "data": data, "key": key})
        rows = await service.accept(session, [new], tenant=caller.tenant)
        return rows[0].id

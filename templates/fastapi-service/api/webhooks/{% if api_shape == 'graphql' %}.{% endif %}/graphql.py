"""The GraphQL interface of this domain."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry
from chassis.fastapi.graphql import Info
from chassis.fastapi.pages import DEFAULT_LIMIT, check

from api.webhooks import service
from api.webhooks.models import Endpoint
from api.webhooks.schemas import NewEndpoint


@strawberry.type(name="Endpoint")
class EndpointNode:
    """A registered endpoint."""

    id: UUID
    url: str
    description: str
    enabled: bool
    created_at: datetime

    @classmethod
    def of(cls, row: Endpoint) -> Self:
        """Show a row."""
        return cls(
            id=row.id,
            url=row.url,
            description=row.description,
            enabled=row.enabled,
            created_at=row.created_at,
        )


@strawberry.type
class EndpointPage:
    """Some endpoints, newest first; `nextCursor` is null on the last page."""

    items: list[EndpointNode]
    next_cursor: str | None


@strawberry.type
class Query:
    """What may be asked."""

    @strawberry.field
    async def endpoints(
        self, info: Info, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> EndpointPage:
        """List the caller's endpoints."""
        check(limit=limit, after=after)
        async with info.context.transaction("endpoints:read") as session:
            rows, following = await service.page(
                session, tenant=info.context.caller.tenant, limit=limit, after=after
            )
        return EndpointPage(items=[EndpointNode.of(row) for row in rows], next_cursor=following)


@strawberry.type
class Mutation:
    """What may be done."""

    @strawberry.mutation
    async def register_endpoint(
        self, info: Info, url: str, description: str = "", enabled: bool = True
    ) -> EndpointNode:
        """Register an address that events are delivered to."""
        new = NewEndpoint.model_validate(
            {"url": url, "description": description, "enabled": enabled}
        )
        async with info.context.transaction("endpoints:write") as session:
            row = await service.register(session, new, tenant=info.context.caller.tenant)
        return EndpointNode.of(row)

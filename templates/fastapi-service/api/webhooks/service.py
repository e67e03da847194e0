"""What can be done with endpoints. Nothing here commits: the request does, before it answers."""

from uuid import UUID

from chassis.fastapi.pages import newest_first
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.webhooks.models import Endpoint
from api.webhooks.schemas import NewEndpoint


async def register(session: AsyncSession, new: NewEndpoint, *, tenant: UUID) -> Endpoint:
    """Add an endpoint for `tenant` and return it with its `created_at`."""
    endpoint = Endpoint(
        tenant_id=tenant, url=str(new.url), description=new.description, enabled=new.enabled
    )
    session.add(endpoint)
    await session.flush()
    await session.refresh(endpoint)
    return endpoint


async def find(session: AsyncSession, endpoint_id: UUID, *, tenant: UUID) -> Endpoint | None:
    """Return the endpoint, None if `tenant` has no such one."""
    return await session.scalar(select(Endpoint).filter_by(id=endpoint_id, tenant_id=tenant))


async def page(
    session: AsyncSession, *, tenant: UUID, limit: int, after: str | None
) -> tuple[list[Endpoint], str | None]:
    """Return some of the endpoints of `tenant`, newest first, and the cursor of the next ones."""
    mine = select(Endpoint).filter_by(tenant_id=tenant)
    return await newest_first(session, mine, limit=limit, after=after)

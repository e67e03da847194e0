"""What can be done with endpoints, events and deliveries. Nothing here commits: the request does,
before it answers."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis import telemetry
from chassis.fastapi.data.db import driver_connection
from chassis.fastapi.data.pagination import newest_first
from chassis.webhooks import signing
from chassis.webhooks.delivery import State
from sqlalchemy import column, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from api.webhooks.models import Delivery, Endpoint, Event
from api.webhooks.schemas import DeliveryFilter, EndpointChange, NewEndpoint, NewEvent
from api.webhooks.settings import keyring
from api.webhooks.tasks import tables, wake

OVERLAP = timedelta(hours=24)
"""How long the former secret of an endpoint signs beside the new one."""


async def register(
    session: AsyncSession, new: NewEndpoint, *, tenant: UUID
) -> tuple[Endpoint, str]:
    """Add an endpoint for `tenant`; return it with its secret, which cannot be read again."""
    await tables.make_room(await driver_connection(session), tenant)
    secret = signing.new_secret()
    endpoint = Endpoint(
        tenant_id=tenant, secret=keyring.seal(secret), **new.model_dump(mode="json")
    )
    session.add(endpoint)
    await session.flush()
    await session.refresh(endpoint)
    return endpoint, secret


async def change(session: AsyncSession, endpoint: Endpoint, wanted: EndpointChange) -> None:
    """Change an endpoint; what is switched on again gets what waited for it."""
    for name, value in wanted.model_dump(mode="json", exclude_none=True).items():
        setattr(endpoint, name, value)
    await session.flush()
    await wake(session)


async def rotate(session: AsyncSession, endpoint: Endpoint) -> str:
    """Give an endpoint a new secret and return it; the former one signs as well for a day."""
    secret = signing.new_secret()
    endpoint.previous_secret, endpoint.secret = endpoint.secret, keyring.seal(secret)
    endpoint.previous_until = datetime.now(UTC) + OVERLAP
    await session.flush()
    return secret


async def find_endpoint(session: AsyncSession, key: UUID, *, tenant: UUID) -> Endpoint | None:
    """Return the endpoint, None if `tenant` has no such one."""
    return await session.scalar(select(Endpoint).filter_by(id=key, tenant_id=tenant))


async def endpoints(
    session: AsyncSession, *, tenant: UUID, limit: int, after: str | None
) -> tuple[list[Endpoint], str | None]:
    """Return some of the endpoints of `tenant`, newest first, and the cursor of the next ones."""
    mine = select(Endpoint).filter_by(tenant_id=tenant)
    return await newest_first(session, mine, limit=limit, after=after)


async def accept(session: AsyncSession, new: Sequence[NewEvent], *, tenant: UUID) -> list[Event]:
    """Keep events and have them delivered; return them in their order.

    One whose key is known already is the event of then, and nothing is delivered again.
    """
    rows = [event_row(item, tenant) for item in new]
    statement = insert(Event).values(rows).on_conflict_do_nothing().returning(Event)
    added = {event.id: event for event in await session.scalars(statement)}
    if added:
        await tables.fan_out(await driver_connection(session), list(added))
        await wake(session)
    earlier = [row["key"] for row in rows if row["id"] not in added]
    known = select(Event).filter_by(tenant_id=tenant).where(column("key").in_(earlier))
    by_key = {event.key: event for event in await session.scalars(known)} if earlier else {}
    return [added.get(row["id"]) or by_key[row["key"]] for row in rows]


def event_row(new: NewEvent, tenant: UUID) -> dict[str, Any]:
    """Make the columns of an event: its body is what Standard Webhooks recommends."""
    content = {"type": new.type, "timestamp": datetime.now(UTC).isoformat(), "data": new.data}
    return {
        "id": uuid4(),
        "tenant_id": tenant,
        "key": new.key,
        "type": new.type,
        "body": json.dumps(content, separators=(",", ":")),
        "carried": telemetry.carried(),
    }


async def send_test(session: AsyncSession, endpoint: Endpoint) -> Delivery:
    """Send an endpoint an event of its own, whatever types it wants; return the delivery."""
    new = NewEvent(type="webhook.test", data={"endpoint_id": str(endpoint.id)})
    event = Event(**event_row(new, endpoint.tenant_id))
    delivery = Delivery.of(event, endpoint)
    session.add(delivery)
    await session.flush()
    await session.refresh(delivery, ["due_at", "created_at"])
    await wake(session)
    return delivery


async def find_delivery(session: AsyncSession, key: UUID, *, tenant: UUID) -> Delivery | None:
    """Return the delivery with its endpoint and event, None if `tenant` has no such one."""
    found = select(Delivery).filter_by(id=key, tenant_id=tenant).options(joinedload("*"))
    return await session.scalar(found)


async def deliveries(
    session: AsyncSession, wanted: DeliveryFilter, *, tenant: UUID, limit: int, after: str | None
) -> tuple[list[Delivery], str | None]:
    """Return some of the deliveries of `tenant`, newest first, and the cursor of the next ones."""
    mine = select(Delivery).filter_by(tenant_id=tenant).options(joinedload("*"))
    return await newest_first(session, wanted.narrow(mine), limit=limit, after=after)


async def replay(session: AsyncSession, **which: Any) -> int:
    """Make deliveries due again, with all tries before them; return how many.

    They carry the ids of before, so that a receiver recognises what it has.
    """
    again = update(Delivery).filter_by(**which)
    now = func.statement_timestamp()
    done = await session.execute(again.values(state=State.PENDING, tries=0, due_at=now))
    await wake(session)
    return int(getattr(done, "rowcount", 0))

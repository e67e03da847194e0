"""The operations on endpoints, events and deliveries.

No function here commits. The request commits before it sends the response.
"""

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
"""How long the old secret of an endpoint also signs after a rotation."""


async def register(
    session: AsyncSession, new: NewEndpoint, *, tenant: UUID
) -> tuple[Endpoint, str]:
    """Create an endpoint for `tenant`. Return it and its secret, which cannot be read again."""
    await tables.check_endpoint_limit(await driver_connection(session), tenant)
    secret = signing.new_secret()
    endpoint = Endpoint(
        tenant_id=tenant, secret=keyring.encrypt(secret), **new.model_dump(mode="json")
    )
    session.add(endpoint)
    await session.flush()
    await session.refresh(endpoint)
    return endpoint, secret


async def change(session: AsyncSession, endpoint: Endpoint, wanted: EndpointChange) -> None:
    """Change an endpoint. After it is enabled again, its waiting deliveries are sent."""
    for name, value in wanted.model_dump(mode="json", exclude_none=True).items():
        setattr(endpoint, name, value)
    await session.flush()
    await wake(session)


async def rotate(session: AsyncSession, endpoint: Endpoint) -> str:
    """Give an endpoint a new secret and return it. The old one also signs for one day."""
    secret = signing.new_secret()
    endpoint.previous_secret, endpoint.secret = endpoint.secret, keyring.encrypt(secret)
    endpoint.previous_until = datetime.now(UTC) + OVERLAP
    await session.flush()
    return secret


async def find_endpoint(session: AsyncSession, key: UUID, *, tenant: UUID) -> Endpoint | None:
    """Return the endpoint, or None if `tenant` does not have it."""
    return await session.scalar(select(Endpoint).filter_by(id=key, tenant_id=tenant))


async def endpoints(
    session: AsyncSession, *, tenant: UUID, limit: int, after: str | None
) -> tuple[list[Endpoint], str | None]:
    """Return one page of the endpoints of `tenant`, newest first, and the next cursor."""
    mine = select(Endpoint).filter_by(tenant_id=tenant)
    return await newest_first(session, mine, limit=limit, after=after)


async def accept(session: AsyncSession, new: Sequence[NewEvent], *, tenant: UUID) -> list[Event]:
    """Store events, schedule their deliveries, and return the events in the given order.

    For a key that already exists, return the existing event and deliver nothing.
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
    """Return the columns of an event. The body has the format of Standard Webhooks."""
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
    """Send a test event to one endpoint, whatever its event types are. Return the delivery."""
    new = NewEvent(type="webhook.test", data={"endpoint_id": str(endpoint.id)})
    event = Event(**event_row(new, endpoint.tenant_id))
    delivery = Delivery.of(event, endpoint)
    session.add(delivery)
    await session.flush()
    await session.refresh(delivery, ["due_at", "created_at"])
    await wake(session)
    return delivery


async def find_delivery(session: AsyncSession, key: UUID, *, tenant: UUID) -> Delivery | None:
    """Return the delivery with endpoint and event, or None if `tenant` does not have it."""
    statement = select(Delivery).filter_by(id=key, tenant_id=tenant).options(joinedload("*"))
    return await session.scalar(statement)


async def deliveries(
    session: AsyncSession, wanted: DeliveryFilter, *, tenant: UUID, limit: int, after: str | None
) -> tuple[list[Delivery], str | None]:
    """Return one page of the deliveries of `tenant`, newest first, and the next cursor."""
    mine = select(Delivery).filter_by(tenant_id=tenant).options(joinedload("*"))
    return await newest_first(session, wanted.narrow(mine), limit=limit, after=after)


async def replay(session: AsyncSession, **which: Any) -> int:
    """Send the matching deliveries again, with all retries. Return their number.

    They keep their event ids, so a receiver can detect duplicates.
    """
    again = update(Delivery).filter_by(**which)
    now = func.statement_timestamp()
    done = await session.execute(again.values(state=State.PENDING, tries=0, due_at=now))
    await wake(session)
    return int(getattr(done, "rowcount", 0))

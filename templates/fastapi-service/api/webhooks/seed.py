"""A small company's endpoints and a morning's events, for development."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from chassis.auth import SINGLE_TENANT
from chassis.webhooks import signing
from chassis.webhooks.delivery import State
from sqlalchemy.ext.asyncio import AsyncSession

from api.webhooks.models import Delivery, Endpoint, Event
from api.webhooks.schemas import NewEvent
from api.webhooks.service import event_row
from api.webhooks.settings import keyring

SHOP = "https://hooks.larkspur-books.example"
ENDPOINTS = {
    f"{SHOP}/orders": ("Order desk", ["order.paid", "order.cancelled"]),
    f"{SHOP}/stock": ("Stock levels for the ERP", ["stock.low"]),
    f"{SHOP}/everything": ("Status page", []),
}
EVENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "L-1041": ("order.paid", {"order": "L-1041", "total": "38.50", "currency": "EUR"}),
    "L-1042": ("order.cancelled", {"order": "L-1042", "reason": "out of print"}),
    "stock-9780141439587": ("stock.low", {"isbn": "9780141439587", "left": 2}),
}


async def seed(session: AsyncSession) -> None:
    """Add what is missing; what is there stays as it is."""
    for url, (description, types) in ENDPOINTS.items():
        endpoint = Endpoint(
            id=uuid5(NAMESPACE_URL, url),
            tenant_id=SINGLE_TENANT,
            url=url,
            description=description,
            event_types=types,
            enabled=True,
            secret=keyring.seal(signing.new_secret()),
        )
        if await session.get(Endpoint, endpoint.id) is None:
            session.add(endpoint)
            for key, (kind, data) in EVENTS.items():
                if not types or kind in types:
                    session.add(await _delivery(session, endpoint, key, kind, data))


async def _delivery(
    session: AsyncSession, endpoint: Endpoint, key: str, kind: str, data: dict[str, Any]
) -> Delivery:
    """Make a delivery of the past: of the stock levels none arrived."""
    row = event_row(NewEvent(type=kind, data=data, key=key), SINGLE_TENANT)
    row["id"] = uuid5(NAMESPACE_URL, key)
    event = await session.get(Event, row["id"]) or Event(**row)
    fine = "/stock" not in endpoint.url
    at = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    attempt = {"at": at, "status": 200 if fine else 503, "error": None, "duration_ms": 84}
    state = State.DELIVERED if fine else State.DEAD
    return Delivery(
        tenant_id=SINGLE_TENANT,
        endpoint_id=endpoint.id,
        endpoint=endpoint,
        event_id=event.id,
        event=event,
        state=state,
        tries=1,
        attempts=[attempt],
    )

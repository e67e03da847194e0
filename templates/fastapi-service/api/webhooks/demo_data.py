"""The endpoints of a fictional company and this morning's deliveries, for development."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from chassis.webhooks import signing
from chassis.webhooks.delivery import State
from sqlalchemy.ext.asyncio import AsyncSession

from api.webhooks.models import Delivery, Endpoint, Event
from api.webhooks.schemas import NewEvent
from api.webhooks.service import event_row
from api.webhooks.settings import keyring

SHOP = "https://hooks.larkspur-books.example"
# the last delivery failed, as if the ERP system was down
MORNING = {
    f"{SHOP}/orders": ("order.paid", {"order": "L-1041", "total": "38.50"}, 200),
    f"{SHOP}/returns": ("order.cancelled", {"order": "L-1042", "reason": "out of print"}, 204),
    f"{SHOP}/erp/stock": ("stock.low", {"isbn": "9780141439587", "left": 2}, 503),
}


async def add_demo_data(session: AsyncSession, tenant: UUID) -> None:
    """Add the rows that are missing. Existing rows stay unchanged."""
    at = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    for url, (kind, data, status) in MORNING.items():
        endpoint = Endpoint(
            id=uuid5(tenant, url),
            tenant_id=tenant,
            url=url,
            description=f"Larkspur Books, {kind}",
            event_types=[kind],
            enabled=True,
            secret=keyring.encrypt(signing.new_secret()),
        )
        if await session.get(Endpoint, endpoint.id) is None:
            event = Event(**event_row(NewEvent(type=kind, data=data), tenant))
            past = Delivery.of(event, endpoint)
            past.state = State.DELIVERED if status < 300 else State.DEAD  # noqa: PLR2004 - the 2xx
            past.tries = 1
            past.attempts = [{"at": at, "status": status, "error": None, "duration_ms": 84}]
            session.add(past)

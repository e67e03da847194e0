"""A small company's endpoints, for development."""

from uuid import NAMESPACE_URL, uuid5

from chassis.auth import SINGLE_TENANT
from sqlalchemy.ext.asyncio import AsyncSession

from api.webhooks.models import Endpoint

ENDPOINTS = {
    "https://hooks.larkspur-books.example/orders": "Order desk at Larkspur Books",
    "https://erp.larkspur-books.example/inbound/stock": "Stock levels for the ERP",
    "https://status.larkspur-books.example/events": "Status page",
}


async def seed(session: AsyncSession) -> None:
    """Add what is missing; what is there stays as it is."""
    for url, description in ENDPOINTS.items():
        key = uuid5(NAMESPACE_URL, url)
        if await session.get(Endpoint, key) is None:
            session.add(
                Endpoint(
                    id=key,
                    tenant_id=SINGLE_TENANT,
                    url=url,
                    description=description,
                    enabled=True,
                )
            )

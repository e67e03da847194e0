"""Narrowing a list by its query: a field is a column that has to be equal, and a range in time.

A cursor stays good when the filters change: it is a place in the order, not a result::

    class DeliveryFilter(Filter):
        state: State | None = None
        endpoint_id: UUID | None = None

    Filters = Annotated[DeliveryFilter, Depends(filtered(DeliveryFilter))]

    async def list_deliveries(filters: Filters, limit: Limit = 50, after: Cursor = None) -> …:
        query = filters.narrow(select(Delivery).filter_by(tenant_id=caller.tenant))
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select

from chassis.fastapi.data.fields import Timestamp

_RANGE = {"created_from", "created_before"}


class Filter(BaseModel):
    """What a list may be narrowed by; a subclass adds optional fields named like their columns.

    Text needs `PlainText` and a length, as anything that comes from strangers.
    """

    model_config = ConfigDict(frozen=True)

    created_from: Timestamp | None = Field(None, description="Not older than this.")
    created_before: Timestamp | None = Field(None, description="Older than this.")

    def narrow[Row](self, query: Select[Row]) -> Select[Row]:
        """Return `query`, which selects one entity, with these conditions added."""
        entity = query.column_descriptions[0]["entity"]
        wanted = self.model_dump(exclude=_RANGE, exclude_none=True)
        query = query.filter_by(**wanted)
        if self.created_from is not None:
            query = query.where(entity.created_at >= self.created_from)
        if self.created_before is not None:
            query = query.where(entity.created_at < self.created_before)
        return query


def filtered[Chosen: Filter](model: type[Chosen]) -> Callable[..., Awaitable[Chosen]]:
    """Make the dependency that reads `model` from the query."""

    async def read(chosen: Chosen) -> Chosen:
        return chosen

    # FastAPI reads this; a type variable would say nothing at runtime
    read.__annotations__["chosen"] = Annotated[model, Query()]
    return read

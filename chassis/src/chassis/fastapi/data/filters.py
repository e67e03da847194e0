"""Filters of a list from query parameters: columns compared for equality, and a time range.

A cursor stays valid when the filters change, because it is a position in the sort order::

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
    """The filters of a list; a subclass adds optional fields with the names of the columns.

    Declare text as `PlainText` with a maximum length, like all input from clients.
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
    """Return the dependency that reads `model` from the query parameters."""

    async def read(chosen: Chosen) -> Chosen:
        return chosen

    # FastAPI reads this annotation; a type variable has no value at runtime
    read.__annotations__["chosen"] = Annotated[model, Query()]
    return read

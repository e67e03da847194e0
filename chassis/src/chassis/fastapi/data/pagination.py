"""Lists in bounded pages by keyset: no offset to overrun, and a stable order while rows arrive."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BaseModel
from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import cursors
from chassis.cursors import DEFAULT_LIMIT, LARGEST_LIMIT

__all__ = ["DEFAULT_LIMIT", "LARGEST_LIMIT", "Cursor", "Limit", "Page", "check", "newest_first"]


def _check_cursor(value: str | None) -> str | None:
    if value is not None:
        cursors.read(value)
    return value


Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="Most items in a page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=cursors.LONGEST, description="`next_cursor` of the page before."),
    AfterValidator(_check_cursor),
]


class _Window(BaseModel):
    limit: Limit
    after: Cursor


def check(*, limit: int, after: str | None) -> None:
    """Raise pydantic.ValidationError unless both would do as query parameters (for GraphQL)."""
    _Window(limit=limit, after=after)


class Page[Item](BaseModel):
    """Some items, newest first; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


async def newest_first[Row](
    session: AsyncSession, query: Select[Row], *, limit: int, after: str | None
) -> tuple[list[Any], str | None]:
    """Return one page of `query` and the cursor of the next.

    `query` selects one entity that has `created_at` and `id`; `after` is a validated
    cursor.
    """
    entity = query.column_descriptions[0]["entity"]
    key = tuple_(entity.created_at, entity.id)
    query = query.order_by(entity.created_at.desc(), entity.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(key < tuple_(*cursors.read(after)))
    rows = list(await session.scalars(query))
    more = len(rows) > limit
    last: Any = rows[limit - 1] if more else None
    return rows[:limit], cursors.write(last.created_at, last.id) if last else None

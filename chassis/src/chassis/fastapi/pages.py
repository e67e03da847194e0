"""Lists in bounded pages by keyset: no offset to overrun, and a stable order while rows arrive."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel
from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
_LONGEST_CURSOR = 200


def _check_cursor(value: str | None) -> str | None:
    if value is not None:
        _decode(value)
    return value


Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="Most items in a page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=_LONGEST_CURSOR, description="`next_cursor` of the page before."),
    AfterValidator(_check_cursor),
]


class _Window(BaseModel):
    limit: Limit
    after: Cursor


def check(*, limit: int, after: str | None) -> None:
    """Raise pydantic.ValidationError unless both would do as query parameters (for GraphQL)."""
    _Window(limit=limit, after=after)


class Page[Item](BaseModel):
    """Some items, newest first; ``next_cursor`` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


async def newest_first[Row](
    session: AsyncSession, query: Select[Row], *, limit: int, after: str | None
) -> tuple[list[Any], str | None]:
    """Return one page of ``query`` and the cursor of the next.

    ``query`` selects one entity that has ``created_at`` and ``id``; ``after`` is a validated
    cursor.
    """
    entity = query.column_descriptions[0]["entity"]
    key = tuple_(entity.created_at, entity.id)
    query = query.order_by(entity.created_at.desc(), entity.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(key < tuple_(*_decode(after)))
    rows = list(await session.scalars(query))
    more = len(rows) > limit
    return rows[:limit], _encode(rows[limit - 1]) if more else None


def _encode(row: Any) -> str:
    plain = json.dumps([row.created_at.isoformat(), str(row.id)])
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        plain = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        created_at, identifier = json.loads(plain)
        moment = datetime.fromisoformat(created_at)
        key = UUID(identifier)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a cursor that this service gave out") from None
    if moment.tzinfo is None:
        raise ValueError("not a cursor that this service gave out")
    return moment, key

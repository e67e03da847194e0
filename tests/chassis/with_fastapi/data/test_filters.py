"""Lists that are narrowed by their query."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from fastapi import Depends
from sqlalchemy import DateTime, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.fastapi.app import Application
from chassis.fastapi.data.db import Session
from chassis.fastapi.data.filters import Filter, filtered
from chassis.fastapi.data.pagination import Cursor, Limit, Page, newest_first

START = datetime(2026, 11, 24, tzinfo=UTC)


class Base(DeclarativeBase):
    """Declares tables."""


class State(StrEnum):
    """How far something is."""

    OPEN = "open"
    DONE = "done"


class Thing(Base):
    """A row of a list."""

    __tablename__ = "thing"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ThingFilter(Filter):
    """What the list may be narrowed by."""

    state: State | None = None
    id: UUID | None = None


@pytest.fixture
async def app(make_app: Any, database: str) -> AsyncIterator[Application]:
    """Give an application with ten things, a minute apart and every second one open."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE thing (id uuid, state text, created_at timestamptz)")
        for number in range(10):
            values = [uuid4(), list(State)[number % 2], START + timedelta(minutes=number)]
            connection.execute("INSERT INTO thing VALUES (%s, %s, %s)", values)
    made: Application = make_app(database_url=database)

    @made.get("/things")
    async def list_things(
        session: Session,
        filters: Annotated[ThingFilter, Depends(filtered(ThingFilter))],
        limit: Limit = 50,
        after: Cursor = None,
    ) -> Page[str]:
        query = filters.narrow(select(Thing))
        rows, following = await newest_first(session, query, limit=limit, after=after)
        return Page(
            items=[f"{row.created_at.minute} {row.state}" for row in rows], next_cursor=following
        )

    yield made
    await made.platform.database.dispose()


@pytest.fixture
def ask(client: httpx2.AsyncClient, caller: dict[str, str]) -> Any:
    """Give the function that asks for the list."""

    async def get(**query: Any) -> Any:
        return await client.get("/things", params=query, headers=caller)

    return get


async def test_fields_and_ranges_add_up(ask: Any) -> None:
    """The lower bound belongs to the range, the upper one does not."""
    bounds = {
        "created_from": "2026-11-24T00:04:00Z",
        "created_before": "2026-11-24T01:08:00+01:00",
    }
    assert (await ask(**bounds)).json()["items"] == ["7 done", "6 open", "5 done", "4 open"]
    assert (await ask(state="open", **bounds)).json()["items"] == ["6 open", "4 open"]
    assert (await ask(id=str(uuid4()))).json()["items"] == []


async def test_cursor_outlives_its_filters(ask: Any) -> None:
    """Pages of a filtered list fit together, and another filter goes on from the same place."""
    first = (await ask(state="open", limit=2)).json()
    assert first["items"] == ["8 open", "6 open"]
    rest = (await ask(state="open", after=first["next_cursor"])).json()
    assert (rest["items"], rest["next_cursor"]) == (["4 open", "2 open", "0 open"], None)
    other = (await ask(state="done", after=first["next_cursor"])).json()
    assert other["items"] == ["5 done", "3 done", "1 done"]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"},
        {"state": "open\x00"},
        {"id": "1"},
        {"created_from": "yesterday"},
        {"created_from": "2026-11-24T00:00:00"},
        {"created_before": "99999-01-01T00:00:00Z"},
        {"created_before": "1e30"},
    ],
)
async def test_unusable_value_is_a_problem(ask: Any, query: dict[str, str]) -> None:
    """What is not of its column's type is refused, a moment without its zone too."""
    answer = await ask(**query)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/validation")
    assert answer.json()["errors"][0]["pointer"] == f"/query/{next(iter(query))}"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
async def test_extreme_moments_are_compared(ask: Any, moment: str) -> None:
    """The ends of the calendar crash nothing."""
    assert (await ask(created_from=moment)).status_code == 200


def test_contract_lists_every_filter(app: Application) -> None:
    """A filter is a query parameter of its own."""
    operation = app.openapi()["paths"]["/things"]["get"]
    assert {item["name"] for item in operation["parameters"]} == {
        "after",
        "created_before",
        "created_from",
        "id",
        "limit",
        "state",
    }

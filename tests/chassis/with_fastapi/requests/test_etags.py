"""Versions of what is read, and updates that lose nobody's work."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx2
import psycopg
import pytest
import sqlmodel
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import Column, Integer
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.fastapi.app import Application
from chassis.fastapi.data.db import Session
from chassis.fastapi.requests.etags import GuardedWriting, Reading, Writing, etag


class Base(DeclarativeBase):
    """Declares tables."""


class Alchemy(Base):
    """A row with a version that SQLAlchemy keeps."""

    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's declarative way


VERSION = Column("version", Integer, nullable=False)


class Modelled(sqlmodel.SQLModel, table=True):
    """The same row in SQLModel."""

    __tablename__ = "thing"

    id: int = sqlmodel.Field(primary_key=True)
    name: str
    version: int = sqlmodel.Field(default=None, sa_column=VERSION)

    __mapper_args__ = {"version_id_col": VERSION}


class View(BaseModel):
    """What crosses the wire."""

    name: str


@dataclass
class Meeting:
    """Where a request that checked its version waits for another one."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, name: str) -> None:
        """Say that the request is here, and stay until the test goes on, if it is the late one."""
        if name == "late":
            self.reached.set()
            await self.left.wait()


@pytest.fixture
def meeting() -> Meeting:
    """Give the meeting of one test."""
    return Meeting()


@pytest.fixture(params=[Alchemy, Modelled])
async def app(
    request: pytest.FixtureRequest, make_app: Any, database: str, meeting: Meeting
) -> AsyncIterator[Application]:
    """Give an application on one row, with either ORM."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE thing (id int PRIMARY KEY, name text, version int)")
        connection.execute("INSERT INTO thing VALUES (1, 'a', 1)")
    made: Application = make_app(database_url=database)
    made.include_router(router(request.param, meeting))
    yield made
    await made.platform.database.dispose()


def router(model: Any, meeting: Meeting) -> APIRouter:
    """Make the routes of one row."""

    async def found(session: Session) -> Any:
        return await session.get_one(model, 1)

    made = APIRouter()
    add_reading(made, found)
    add_writing(made, found, meeting)
    return made


def add_reading(made: APIRouter, find_thing: Any) -> None:
    """Add what shows the row, and what overwrites it as it was read."""

    @made.get("/thing")
    async def show(thing: Annotated[Any, Depends(find_thing)], reading: Reading) -> View:
        reading.tag(thing.version)
        return View(name=thing.name)

    @made.put("/thing")
    async def put(
        thing: Annotated[Any, Depends(find_thing)], writing: GuardedWriting, name: str
    ) -> None:
        writing.check(thing.version)
        thing.name = name


def add_writing(made: APIRouter, find_thing: Any, meeting: Meeting) -> None:
    """Add what changes the row and what removes it, with a pause after the look at its version."""

    @made.patch("/thing")
    async def patch(
        thing: Annotated[Any, Depends(find_thing)],
        session: Session,
        writing: Writing,
        name: str,
    ) -> View:
        writing.check(thing.version)
        thing.name = name
        await meeting.wait(name)
        await session.flush()
        writing.tag(thing.version)
        return View(name=name)

    @made.delete("/thing", status_code=204)
    async def delete(
        thing: Annotated[Any, Depends(find_thing)], session: Session, writing: Writing, name: str
    ) -> None:
        writing.check(thing.version)
        await session.delete(thing)
        await meeting.wait(name)


def row(database: str) -> tuple[Any, ...] | None:
    """Return what is really there."""
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT name, version FROM thing").fetchone()


async def test_unchanged_is_304(client: httpx2.AsyncClient, caller: dict[str, str]) -> None:
    """A reader with the current version gets no body; another gets the thing with its tag."""
    first = await client.get("/thing", headers=caller)
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    for known in ('"1"', 'W/"1"', '"0", "1"', "*"):
        again = await client.get("/thing", headers=caller | {"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"1"')
    for unknown in ('"2"', "1", "nonsense"):
        again = await client.get("/thing", headers=caller | {"If-None-Match": unknown})
        assert (again.status_code, again.json()) == (200, {"name": "a"})


async def test_update_of_what_was_read(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """The current tag lets an update pass, which raises it."""
    answer = await client.patch("/thing?name=b", headers=caller | {"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert row(database) == ("b", 2)


@pytest.mark.parametrize("known", ['"2"', 'W/"1"', "1", ""])
async def test_update_of_another_version_is_412(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str, known: str
) -> None:
    """Weak, foreign and malformed tags change nothing."""
    for method in ("PATCH", "PUT", "DELETE"):
        answer = await client.request(method, "/thing?name=b", headers=caller | {"If-Match": known})
        assert (answer.status_code, answer.json()["status"]) == (412, 412)
    assert row(database) == ("a", 1)


async def test_blind_update_is_428_where_the_route_says_so(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """A guarded route wants the header; an ordinary one does without."""
    assert (await client.put("/thing?name=b", headers=caller)).status_code == 428
    assert (await client.patch("/thing?name=b", headers=caller)).status_code == 200
    assert row(database) == ("b", 2)


@pytest.mark.parametrize(("sent", "status"), [({"If-Match": '"1"'}, 412), ({}, 409)])
@pytest.mark.parametrize(("second", "left"), [("PATCH", ("b", 2)), ("DELETE", None)])
async def test_the_loser_of_a_race_is_told(
    client: httpx2.AsyncClient,
    caller: dict[str, str],
    database: str,
    meeting: Meeting,
    *,
    sent: dict[str, str],
    status: int,
    second: str,
    left: object,
) -> None:
    """Both read version 1 and passed the check; one update is kept, and no other overwrites it."""
    late = asyncio.create_task(client.patch("/thing?name=late", headers=caller | sent))
    await meeting.reached.wait()
    answer = await client.request(second, "/thing?name=b", headers=caller | sent)
    meeting.left.set()
    assert (answer.is_success, (await late).status_code) == (True, status)
    assert row(database) == left


async def test_a_late_delete_does_not_remove_a_change(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str, meeting: Meeting
) -> None:
    """A delete compares the version as an update does."""
    known = caller | {"If-Match": '"1"'}
    late = asyncio.create_task(client.delete("/thing?name=late", headers=known))
    await meeting.reached.wait()
    await client.patch("/thing?name=b", headers=caller)
    meeting.left.set()
    assert (await late).status_code == 412
    assert row(database) == ("b", 2)


def test_content_has_a_tag_too() -> None:
    """Equal content gives an equal tag, another one a different tag."""
    assert etag(View(name="a")) == etag(View(name="a"))
    assert etag(View(name="a")) != etag(View(name="b"))


def test_contract_declares_headers_and_refusals(app: Application) -> None:
    """Reading declares 304, updates 409 and 412, a guarded one a required header and 428."""
    for _ in range(2):
        thing = app.openapi()["paths"]["/thing"]
    assert "304" in thing["get"]["responses"]
    assert "ETag" in thing["get"]["responses"]["200"]["headers"]
    assert {"409", "412"} <= set(thing["patch"]["responses"]) - {"428"}
    assert "428" in thing["put"]["responses"]
    required = {
        method: [item["required"] for item in thing[method]["parameters"] if item["in"] == "header"]
        for method in ("get", "patch", "put")
    }
    assert required == {"get": [False], "patch": [False], "put": [True]}

"""Sessions: committed before the response, closed for good, and what an absent database means."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2
import psycopg
import pytest
from fastapi import BackgroundTasks, Depends
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import StreamingResponse

from chassis.fastapi.app import Application
from chassis.fastapi.data.db import Session, UnitOfWork, get_session

ADD = text("INSERT INTO thing VALUES (:value)")
TABLE = """
CREATE TABLE thing (value int);
ALTER TABLE thing ADD CONSTRAINT once UNIQUE (value) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO thing VALUES (1);
"""


@pytest.fixture
def database(database: str) -> str:
    """Give a database with a table whose constraint is checked at the commit."""
    with psycopg.connect(database) as connection:
        connection.execute(TABLE)
    return database


@pytest.fixture
async def app(make_app: Any, database: str) -> AsyncIterator[Application]:
    """Give an application on that database."""
    made: Application = make_app(database_url=database)
    yield made
    await made.platform.database.dispose()


def values(database: str) -> list[int]:
    """Return what is really there."""
    with psycopg.connect(database) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM thing ORDER BY value")]


async def test_commit_comes_before_the_response(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """A commit that fails is a 500; with FastAPI's default scope it would be a 200."""

    @app.post("/things/{value}")
    async def add(value: int, session: Session) -> None:
        await session.execute(ADD, {"value": value})

    @app.post("/late/{value}")
    async def add_late(value: int, session: Annotated[AsyncSession, Depends(get_session)]) -> None:
        await session.execute(ADD, {"value": value})

    answers = [await client.post(path, headers=caller) for path in ("/things/2", "/things/1")]
    assert [answer.status_code for answer in answers] == [200, 500]
    assert (await client.post("/late/1", headers=caller)).status_code == 200
    assert values(database) == [1, 2]


async def test_error_rolls_back(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """Nothing stays of a request that failed."""

    @app.post("/things")
    async def add(session: Session) -> None:
        await session.execute(ADD, {"value": 2})
        raise RuntimeError("after the write")

    assert (await client.post("/things", headers=caller)).status_code == 500
    assert values(database) == [1]


async def test_session_does_not_outlive_its_endpoint(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], logged: list[Any]
) -> None:
    """A stream or a background task that kept the session fails loudly."""

    @app.get("/stream")
    async def stream(session: Session) -> StreamingResponse:
        async def rows() -> AsyncIterator[str]:
            yield "first"
            yield str(await session.scalar(text("SELECT 1")))

        return StreamingResponse(rows())

    @app.get("/later")
    async def later(session: Session, tasks: BackgroundTasks) -> None:
        async def work() -> None:
            await session.execute(ADD, {"value": 3})

        tasks.add_task(work)

    with pytest.raises(Exception, match="permanently closed"):
        await client.get("/stream", headers=caller)
    await client.get("/later", headers=caller)
    failures = [str(event["exc_info"]) for event in logged if "exc_info" in event]
    assert len(failures) == 2
    assert all("permanently closed" in failure for failure in failures)


async def test_unit_of_work_outlives_the_endpoint(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """Streams and background tasks open a session of their own."""

    @app.get("/later")
    async def later(unit_of_work: UnitOfWork, tasks: BackgroundTasks) -> None:
        async def work() -> None:
            async with unit_of_work() as session:
                await session.execute(ADD, {"value": 4})

        tasks.add_task(work)

    await client.get("/later", headers=caller)
    assert values(database) == [1, 4]


async def test_waiting_for_a_lock_is_bounded(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """A locked table makes a request busy, not endless."""

    @app.post("/things")
    async def add(session: Session) -> None:
        await session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        await session.execute(ADD, {"value": 2})

    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE thing")
        answer = await client.post("/things", headers=caller)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/busy")
    assert answer.headers["retry-after"] == "5"


async def test_connections_carry_timeouts(app: Application) -> None:
    """No statement, lock or idle transaction lasts for ever."""
    async with app.platform.database.unit_of_work() as session:
        found = [
            await session.scalar(text(f"SHOW {name}"))
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert found == ["10s", "3s", "30s"]


async def test_killed_connections_are_replaced(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """A database that restarted between two requests is not noticed by the second."""

    @app.get("/things")
    async def count(session: Session) -> Any:
        return await session.scalar(text("SELECT count(*) FROM thing"))

    assert (await client.get("/things", headers=caller)).status_code == 200
    with psycopg.connect(database) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert (await client.get("/things", headers=caller)).status_code == 200


async def test_absent_database_is_503_until_it_is_back(
    make_app: Any, database: str, caller: dict[str, str], tmp_path: Path
) -> None:
    """While the database is away requests get a problem, afterwards they are served."""
    directory = parse_qs(urlsplit(database).query)["host"][0]
    door = tmp_path / "socket"
    through_door = unquote(database).replace(directory, str(door))
    app: Application = make_app(database_url=through_door)

    @app.get("/things")
    async def count(session: Session) -> Any:
        return await session.scalar(text("SELECT count(*) FROM thing"))

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://test"
    ) as client:
        away = await client.get("/things", headers=caller)
        assert (away.status_code, away.json()["type"]) == (503, "/problems/database-unavailable")
        door.symlink_to(directory)
        assert (await client.get("/things", headers=caller)).json() == 1
    await app.platform.database.dispose()


async def test_an_error_does_not_repeat_what_was_written(app: Application) -> None:
    """Its text goes to the log and to the error tracker, and a value may be personal."""
    with pytest.raises(ProgrammingError) as caught:
        async with app.platform.database.unit_of_work() as session:
            await session.execute(text("INSERT INTO nothing VALUES (:value)"), {"value": "hunter2"})
    assert "hunter2" not in str(caught.value)


async def test_full_pool_is_busy(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """More requests than connections wait for a while and are then turned away."""
    app.platform.database._bind.pool._timeout = 0.05  # type: ignore[union-attr]

    @app.get("/hold")
    async def hold(session: Session) -> None:
        await session.execute(text("SELECT pg_sleep(0.3)"))

    answers = await asyncio.gather(*(client.get("/hold", headers=caller) for _ in range(12)))
    assert sorted({answer.status_code for answer in answers}) == [200, 503]

"""Liveness and readiness over HTTP."""

from typing import Any

import httpx2
import psycopg
import pytest
from starlette.testclient import TestClient

from chassis import schema
from chassis.fastapi.app import Application


@pytest.fixture
def app(make_app: Any, database: str) -> Application:
    """Give an application on an empty database."""
    made: Application = make_app(database_url=database)
    folder = made.platform.service.root / "api" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "versions" / "start.py").write_text(
        'revision = "start"\ndown_revision = None\ndef upgrade(): pass\n', encoding="utf-8"
    )
    return made


async def test_is_ready_when_the_schema_is_and_stays_so(
    client: httpx2.AsyncClient, database: str
) -> None:
    """Readiness waits for both migrations; afterwards a lost schema takes no replica out."""
    waiting = await client.get("/readyz")
    assert waiting.status_code == 503
    assert set(waiting.json()["checks"]) == {"platform schema", "migrations"}
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
    assert set((await client.get("/readyz")).json()["checks"]) == {"migrations"}
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version AS SELECT 'start' AS version_num")
    assert (await client.get("/readyz")).status_code == 200
    with psycopg.connect(database) as connection:
        connection.execute("DROP TABLE alembic_version")
    assert (await client.get("/readyz")).status_code == 200


async def test_lives_and_waits_without_a_database(make_app: Any) -> None:
    """A dead database restarts nothing, and nobody is let in before it was once seen."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(make_app()), base_url="http://test"
    ) as client:
        assert (await client.get("/livez")).status_code == 200
        waiting = await client.get("/readyz")
    assert waiting.status_code == 503
    assert waiting.json()["checks"]["migrations"] == "the database does not answer"


def test_drains_when_the_server_stops(app: Application) -> None:
    """A process that shuts down asks for no more requests."""
    with TestClient(app) as client:
        assert client.get("/livez").status_code == 200
    assert app.platform.readiness.state == "draining"

"""DATA001."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import Depends
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.commit_before_response import CommitBeforeResponse
from chassis.fastapi.data.db import Session, get_session


@pytest.fixture
async def app(make_app: Any, database: str) -> AsyncIterator[Application]:
    """Give an application with a database."""
    made: Application = make_app(database_url=database)
    yield made
    await made.platform.database.dispose()


async def test_accepts_the_platforms_session(app: Application, examine: Any) -> None:
    """The session that commits first passes."""

    @app.post("/v1/things")
    async def add(session: Session) -> None:
        await session.execute(text("SELECT 1"))

    assert await examine(CommitBeforeResponse()) == []


async def test_finds_a_session_that_commits_late(app: Application, examine: Any) -> None:
    """FastAPI's default scope answers before it knows."""

    @app.post("/v1/things")
    async def add(session: Annotated[AsyncSession, Depends(get_session)]) -> None:
        await session.execute(text("SELECT 1"))

    assert await examine(CommitBeforeResponse()) == ["POST /v1/things"]

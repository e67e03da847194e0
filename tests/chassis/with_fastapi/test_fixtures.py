"""The fixtures that a service's tests import, in a small service's own run of pytest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from with_fastapi.data.test_migrations import FILES

MAIN = """
from sqlalchemy import text
from chassis.fastapi.app import Application
from chassis.fastapi.security.permissions import public
from chassis.fastapi.data.db import Session
from fastapi import Depends

def create_app(settings):
    app = Application(settings)

    @app.post("/examples", dependencies=[Depends(public)])
    async def add(session: Session) -> int:
        await session.execute(text("INSERT INTO example VALUES (1)"))
        await session.execute(text("SELECT pg_sleep(0.02)"))
        return await session.scalar(text("SELECT count(*) FROM example"))

    return app
"""
CONFTEST = """
from chassis.fastapi.testing import (
    api_database, app, bearer, client, committed_db, connection, database_server,
    roadbed_service, session, signing_key,
)
"""
CONFIGURATION = """
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = ["-pchassis.testing", "-q", "-pno:cacheprovider"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "session"
asyncio_default_test_loop_scope = "session"
"""
COUNT = 'text("SELECT count(*) FROM example")'
HEAD = """
import asyncio
import pytest
from sqlalchemy import text

async def add(client):
    return (await client.post("/examples")).status_code
"""
COMMITTED = f"""{HEAD}
@pytest.mark.parametrize("again", [1, 2])
async def test_many(client, committed_db, again):
    assert await asyncio.gather(*(add(client) for _ in range(30))) == [200] * 30
    async with committed_db.unit_of_work() as session:
        assert await session.scalar({COUNT}) == 30

async def test_rolled_back(client, session):
    assert await add(client) == 200
    assert await session.scalar({COUNT}) == 1

async def test_again(client, session):
    assert await session.scalar({COUNT}) == 0
"""
MIXED = f"""{HEAD}
async def test_mixed(committed_db, session):
    pass
"""


@pytest.fixture
def pytest_in(tmp_path: Path, database_server: None, database: str) -> str:
    """Give the folder of a service with one domain, one route and these fixtures."""
    files = FILES | {
        "api/main.py": MAIN,
        "tests/conftest.py": CONFTEST,
        "pyproject.toml": FILES["pyproject.toml"] + CONFIGURATION,
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return database


def run(folder: Path, database: str, tests: str) -> str:
    """Run ``tests`` in ``folder``; give what pytest printed."""
    (folder / "tests" / "test_it.py").write_text(tests, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests"],
        cwd=folder,
        env={**os.environ, "API_DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_committed_database_takes_requests_side_by_side(tmp_path: Path, pytest_in: str) -> None:
    """More requests than connections are all served and committed, in a database of each test's
    own; rolled-back tests before and after see nothing of it."""
    assert "4 passed" in run(tmp_path, pytest_in, COMMITTED)


def test_the_two_kinds_do_not_meet(tmp_path: Path, pytest_in: str) -> None:
    """One test has one kind of database."""
    output = run(tmp_path, pytest_in, MIXED)
    assert "A test takes either committed_db or a rolled-back connection, not both." in output

"""Fixtures for the tests of an API on a real PostgreSQL; `tests/api/conftest.py` imports them.

Each test runs in one transaction that is rolled back; a commit of the application becomes a
savepoint in it. This is fast, but it hides deferred constraints, `now()` does not advance, and
requests cannot run at the same time. A test that needs these uses `committed_db`, which provides
a database of its own and a real pool::

    async def test_twice(client, bearer, committed_db):
        await asyncio.gather(client.post(…), client.post(…))
        async with committed_db.unit_of_work() as session: …
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from email.message import EmailMessage
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

import httpx2
import jwt
import psycopg
import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from chassis import logs, testing
from chassis.auth import SINGLE_TENANT, TokenVerifier, TrustedIssuer
from chassis.fastapi.app import Application
from chassis.fastapi.data.db import Database, sqlalchemy_url
from chassis.fastapi.data.migrations import DATABASE_URL
from chassis.fastapi.jobs.mail import OUTBOX
from chassis.fastapi.jobs.tasks import Runtime, find_tasks, running
from chassis.fastapi.platform import fetch_json
from chassis.fastapi.settings import AUDIENCE
from chassis.service import Service
from chassis.testing import database_server, roadbed_service

__all__ = [
    "Bearer",
    "RunJobs",
    "api_database",
    "app",
    "bearer",
    "client",
    "committed_db",
    "connection",
    "database_server",
    "outbox",
    "roadbed_service",
    "run_jobs",
    "session",
    "signing_key",
]

ISSUER = "https://issuer.test"
_SECONDS = 60
_NEXT = "SELECT id, task_name, args FROM procrastinate_fetch_job_v2(NULL, NULL)"
_DONE = "SELECT procrastinate_finish_job_v1(%s, 'succeeded', false)"

type RunJobs = Callable[[], Awaitable[list[str]]]


class Bearer(Protocol):
    """A function that returns the headers of a caller."""

    def __call__(
        self, *permissions: str, tenant: UUID = SINGLE_TENANT, subject: str = "tester"
    ) -> dict[str, str]:
        """Return `Authorization` for a caller with `permissions`."""


def migrate(service: Service, url: str, revision: str = "heads") -> None:
    """Bring the database at `url` to `revision`."""
    configuration = Config(service.root / "alembic.ini")
    configuration.attributes[DATABASE_URL] = url
    command.upgrade(configuration, revision)


def round_trip(service: Service) -> set[str]:
    """Migrate an empty database to the newest schema, down to the base and up again.

    Return the tables that the downgrade left, without Alembic's own. Needs the fixture
    `database_server`.
    """
    with testing.database(testing.address(service, "api")) as url:
        migrate(service, url)
        configuration = Config(service.root / "alembic.ini")
        configuration.attributes[DATABASE_URL] = url
        command.downgrade(configuration, "base")
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            left = {row[0] for row in rows}
        migrate(service, url)
    return left - {"alembic_version"}


@pytest.fixture(scope="session")
def api_database(
    roadbed_service: Service,
    database_server: None,
) -> Iterator[str]:
    """Yield the URL of a migrated database, which is dropped at the end of the test run."""
    with testing.database(testing.address(roadbed_service, "api")) as url:
        migrate(roadbed_service, url)
        yield url


@pytest.fixture(scope="session")
def signing_key() -> RSAPrivateKey:
    """Return the private key of the issuer that exists in tests only."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def app(roadbed_service: Service, api_database: str, signing_key: RSAPrivateKey) -> Application:
    """Return the service's application, which also trusts the issuer of `bearer`."""
    settings = import_module("api.settings").Settings.load(roadbed_service)
    settings = settings.model_copy(update={"database_url": api_database})
    logs.configure(settings, roadbed_service)
    application: Application = import_module("api.main").create_app(settings)
    test_issuer = TrustedIssuer(ISSUER, AUDIENCE, key=signing_key.public_key())
    application.platform.verifier = TokenVerifier(
        [*settings.issuers(roadbed_service), test_issuer],
        environment=settings.environment,
        fetch=fetch_json,
    )
    return application


@pytest_asyncio.fixture
async def connection(
    request: pytest.FixtureRequest, app: Application, api_database: str
) -> AsyncIterator[AsyncConnection]:
    """Yield a connection whose transaction never commits; the application uses it too."""
    if "committed_db" in request.fixturenames:
        pytest.fail("A test takes either committed_db or a rolled-back connection, not both.")
    engine = create_async_engine(sqlalchemy_url(api_database), poolclass=NullPool)
    original = app.platform.database
    async with engine.connect() as opened:
        transaction = await opened.begin()
        app.platform.database = Database(opened)
        yield opened
        app.platform.database = original
        await transaction.rollback()


@pytest_asyncio.fixture
async def session(connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    """Yield a session that shares its uncommitted changes with the application."""
    async with Database(connection).unit_of_work() as opened:
        yield opened


@pytest_asyncio.fixture
async def committed_db(app: Application, api_database: str) -> AsyncIterator[Database]:
    """Yield a migrated database for this test alone, to which the application commits.

    It is a clone of `api_database`, which stays unchanged.
    """
    with testing.clone(api_database) as url:
        original, app.platform.database = app.platform.database, Database.at(url)
        try:
            yield app.platform.database
        finally:
            await app.platform.database.dispose()
            app.platform.database = original


@pytest.fixture
def client(request: pytest.FixtureRequest, app: Application) -> httpx2.AsyncClient:
    """Return a client of the application; it sends no token by default."""
    if "committed_db" not in request.fixturenames:
        request.getfixturevalue("connection")
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


@pytest.fixture
def bearer(signing_key: RSAPrivateKey) -> Bearer:
    """Return a function that makes `Authorization` headers: `bearer("orders:read", tenant=…)`."""

    def make(
        *permissions: str, tenant: UUID = SINGLE_TENANT, subject: str = "tester"
    ) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + _SECONDS,
            "scope": " ".join(permissions),
            "tenant": str(tenant),
        }
        token = jwt.encode(claims, signing_key, algorithm="RS256", headers={"kid": "test"})
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def outbox() -> list[EmailMessage]:
    """Return the list of emails that `run_jobs` sends; it starts empty."""
    OUTBOX.sent.clear()
    return OUTBOX.sent


@pytest.fixture
def run_jobs(app: Application, connection: AsyncConnection) -> RunJobs:
    """Return a coroutine function that runs the due jobs in order, inside the test's transaction.

    `await run_jobs()` returns the names of their tasks. It raises the error of a job that fails.
    """

    async def run() -> list[str]:
        tasks = {item.name: item for item in find_tasks("api")}
        platform = app.platform
        database = Database(connection)
        ran = []
        own = Runtime(platform.settings, platform.service, database, [*tasks.values()])
        async with running(own):
            while job := await _next(database):
                number, name, stored = job
                await tasks[name](**tasks[name].unpack(stored.get("arguments", {})))
                async with database.driver() as driver:
                    await driver.execute(_DONE, [number])
                ran.append(name)
        return ran

    return run


async def _next(database: Database) -> tuple[int, str, dict[str, Any]] | None:
    async with database.driver() as driver:
        job = await (await driver.execute(_NEXT)).fetchone()
    return job if job and job[0] else None

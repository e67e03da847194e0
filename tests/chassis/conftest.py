"""A real PostgreSQL for the chassis's own tests, and services for it to work in."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from argon2 import PasswordHasher

from chassis import schema, testing
from chassis import service as service_
from chassis.accounts import passwords
from chassis.service import Half, Service
from lender import Lender

HALVES: tuple[Half, ...] = ("web", "api")
# where a test configures nothing, rich's tracebacks would show every local variable, slowly
_RENDERER = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


@pytest.fixture(autouse=True)
def plain_tracebacks() -> None:
    """Show a logged crash briefly."""
    if not structlog.is_configured():
        structlog.configure(processors=[structlog.contextvars.merge_contextvars, _RENDERER])


def make_service(root: Path, *halves: Half, env: str = "") -> Service:
    """Write the least that makes ``root`` a service with ``halves``."""
    (root / ".roadbed").mkdir(parents=True)
    (root / ".roadbed" / "service.toml").write_text('plan = "hybrid"\n', encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "orders"\nversion = "1.2.3"\n', encoding="utf-8"
    )
    for half in halves:
        (root / half).mkdir()
    if env:
        (root / ".env").write_text(env, encoding="utf-8")
    return service_.load(root)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the developer's own decide a test."""
    for name in os.environ:
        if name.startswith(("PG", "WEB_", "API_", "LOG_", "DATABASE_", "ISSUER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ENVIRONMENT", "test")


@pytest.fixture(scope="session")
def roadbed_service() -> Service:
    """Give these tests a service of their own: a folder next to this file, always the same for a
    process that shares the run, so that its database is made once."""
    root = Path(__file__).parent / ".dev" / f"service{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    return service_.load(root) if root.exists() else make_service(root, *HALVES)


@pytest.fixture
def database(database_server: None, roadbed_service: Service) -> Iterator[str]:
    """Give the address of an empty database that is removed afterwards."""
    with testing.database(testing.address(roadbed_service, "api")) as url:
        yield url


@pytest.fixture
def connect(database: str) -> Lender:
    """Give a maker of connections to a migrated database."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
    return Lender(database)


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash at a cost that suits tests which are about something else."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    monkeypatch.setattr(passwords, "DUMMY_HASH", cheap.hash("nobody"))

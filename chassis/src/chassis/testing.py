"""A pytest plugin: a real PostgreSQL for the tests of a service, and databases of their own.

`pytest_plugins = ["chassis.testing"]` in a `conftest.py` switches it on. Its import sets
`ENVIRONMENT` to `test` in this process.
"""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from psycopg import sql

from chassis import devdb, schema, service
from chassis.environment import Environment, database_url
from chassis.service import Half, Service

PREFIX = "test_"
_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.05

os.environ["ENVIRONMENT"] = Environment.TEST


class NotATestDatabaseError(Exception):
    """A test would have used a database whose name does not mark it for tests."""


@pytest.fixture(scope="session")
def roadbed_service() -> Service:
    """Return the service that the tests belong to."""
    return service.load()


@pytest.fixture(scope="session")
def database_server(roadbed_service: Service) -> Iterator[None]:
    """Keep a PostgreSQL running for the whole session.

    It is the development server, unless every half has an address of its own.
    """
    with devdb.available(roadbed_service):
        yield


def address(service: Service, half: Half) -> str:
    """Return the address of `half`'s database; `database_server` keeps its server running."""
    return database_url(service, half) or devdb.url(service, half)


def renamed(url: str, database: str) -> str:
    """Return `url` with another database name."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def check(url: str) -> None:
    """Raise NotATestDatabaseError unless the name of the database at `url` begins with
    `test_`."""
    name = unquote(urlsplit(url).path.lstrip("/"))
    if not name.startswith(PREFIX):
        raise NotATestDatabaseError(
            f"The database {name!r} is not for tests, which may empty it: give the tests one whose "
            f"name begins with {PREFIX}."
        )


def create_database(url: str, name: str) -> str:
    """Create the empty database `name` on the server at `url`, instead of an older one.

    Return its address. Raises NotATestDatabaseError.
    """
    made = renamed(url, name)
    drop_database(made)
    _on_server(url, "CREATE DATABASE {}", name)
    return made


def drop_database(url: str) -> None:
    """Drop the database at `url` and its connections. Raises NotATestDatabaseError."""
    check(url)
    name = unquote(urlsplit(url).path.lstrip("/"))
    # every server has this database, and it is never the one that is dropped
    server = renamed(url, "postgres")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            _on_server(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except psycopg.errors.InsufficientPrivilege:
            # autovacuum works in it as a superuser, whose session FORCE may not end
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


@contextmanager
def database(url: str) -> Iterator[str]:
    """Create an empty database on the server at `url`, yield its address, and drop it."""
    made = create_database(url, f"{PREFIX}{uuid.uuid4().hex}")
    try:
        yield made
    finally:
        drop_database(made)


@contextmanager
def clone(url: str) -> Iterator[str]:
    """Copy the database at `url`, yield the address of the copy, and drop it.

    No connection to the original may be open. It takes a tenth of a second. Raises
    NotATestDatabaseError.
    """
    check(url)
    made = renamed(url, f"{PREFIX}{uuid.uuid4().hex}")
    names = [unquote(urlsplit(item).path.lstrip("/")) for item in (made, url)]
    _on_server(renamed(url, "postgres"), "CREATE DATABASE {} TEMPLATE {}", *names)
    try:
        # a role's search path in a database is not copied with it
        with psycopg.connect(made) as connection:
            schema.migrate(connection)
        yield made
    finally:
        drop_database(made)


def _on_server(url: str, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

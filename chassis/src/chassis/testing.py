"""A pytest plugin: a real PostgreSQL for the tests of a service, and databases that are theirs.

``pytest_plugins = ["chassis.testing"]`` in a ``conftest.py`` switches it on. Importing it declares
this process a test: ``ENVIRONMENT`` becomes ``test`` whatever it was.
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
    """A test was about to touch a database that is not marked for tests by its name."""


@pytest.fixture(scope="session")
def roadbed_service() -> Service:
    """Give the service that the tests belong to."""
    return service.load()


@pytest.fixture(scope="session")
def database_server(roadbed_service: Service) -> Iterator[None]:
    """Keep a PostgreSQL running for the whole session: the development server, unless every half
    has an address of its own."""
    with devdb.available(roadbed_service):
        yield


def address(of: Service, half: Half) -> str:
    """Return the address of ``half``'s database; ``database_server`` keeps its server running."""
    return database_url(of, half) or devdb.url(of, half)


def renamed(url: str, database: str) -> str:
    """Return ``url`` with another database name."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def check(url: str) -> None:
    """Raise NotATestDatabaseError unless the name of the database at ``url`` begins with
    ``test_``."""
    name = unquote(urlsplit(url).path.lstrip("/"))
    if not name.startswith(PREFIX):
        raise NotATestDatabaseError(
            f"The database {name!r} is not for tests, which may empty it: give the tests one whose "
            f"name begins with {PREFIX}."
        )


def create_database(url: str, name: str) -> str:
    """Make the empty database ``name`` (instead of an older one) on the server at ``url``.

    Returns its address. Raises NotATestDatabaseError.
    """
    made = renamed(url, name)
    drop_database(made)
    _on_server(url, "CREATE DATABASE {}", name)
    return made


def drop_database(url: str) -> None:
    """Remove the database at ``url``, whoever is connected. Raises NotATestDatabaseError."""
    check(url)
    name = unquote(urlsplit(url).path.lstrip("/"))
    # a server always has this one, and it is never the one that goes
    server = renamed(url, "postgres")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            _on_server(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except psycopg.errors.InsufficientPrivilege:
            # autovacuum is at work in it, as a superuser whom FORCE may not end
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


@contextmanager
def database(url: str) -> Iterator[str]:
    """Make an empty database of its own on the server at ``url``, give its address, remove it."""
    made = create_database(url, f"{PREFIX}{uuid.uuid4().hex}")
    try:
        yield made
    finally:
        drop_database(made)


@contextmanager
def clone(url: str) -> Iterator[str]:
    """Copy the database at ``url``, to which nobody may be connected; give the copy's address,
    remove it. Takes a tenth of a second. Raises NotATestDatabaseError."""
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

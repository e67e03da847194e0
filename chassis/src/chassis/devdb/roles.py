"""The roles and databases of a service's halves."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import Connection, sql

_SUPERUSER = "postgres"
_TIMEOUT_SECONDS = 10


def connect(sockets: Path, database: str) -> Connection:
    """Connect as the superuser, whatever the user's environment says about other servers."""
    with _without_libpq_variables():
        return psycopg.connect(
            host=str(sockets),
            port=5432,
            user=_SUPERUSER,
            dbname=database,
            connect_timeout=_TIMEOUT_SECONDS,
            autocommit=True,
        )


def ensure(sockets: Path, halves: Iterable[str]) -> None:
    """Make what is missing: for each half a role that may create (test) databases, and a database
    of the same name that belongs to it and that nobody else may enter."""
    with connect(sockets, _SUPERUSER) as connection:
        known = _names(connection, "SELECT rolname FROM pg_roles")
        present = _names(connection, "SELECT datname FROM pg_database")
        for half in halves:
            name = sql.Identifier(half)
            if half not in known:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(name))
            if half not in present:
                connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(name))
            # each time: we may have been killed between the two
            connection.execute(
                sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(name)
            )


def _names(connection: Connection, query: LiteralString) -> set[str]:
    return {row[0] for row in connection.execute(query)}


@contextmanager
def _without_libpq_variables() -> Iterator[None]:
    """Hide PGSERVICE, PGHOSTADDR, PGOPTIONS and their like: an address does not override them."""
    hidden = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)

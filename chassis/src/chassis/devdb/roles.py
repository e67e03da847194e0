"""The roles and databases of a service's halves."""

from collections.abc import Iterable
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import Connection, sql

_SUPERUSER = "postgres"
_TIMEOUT_SECONDS = 10


def connect(sockets: Path, database: str) -> Connection:
    """Connect as the superuser."""
    return psycopg.connect(
        host=str(sockets),
        port=5432,
        user=_SUPERUSER,
        dbname=database,
        connect_timeout=_TIMEOUT_SECONDS,
        autocommit=True,
    )


def ensure(sockets: Path, halves: Iterable[str]) -> None:
    """Create the missing roles and databases.

    Each half has a role that may create databases, for tests, and a database of the same name that
    only this role may enter.
    """
    with connect(sockets, _SUPERUSER) as connection:
        known = _names(connection, "SELECT rolname FROM pg_roles")
        present = _names(connection, "SELECT datname FROM pg_database")
        for half in halves:
            name = sql.Identifier(half)
            if half not in known:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(name))
            if half not in present:
                connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(name))
            # each time, because a kill may have come between the two statements
            connection.execute(
                sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(name)
            )


def _names(connection: Connection, query: LiteralString) -> set[str]:
    return {row[0] for row in connection.execute(query)}

"""Run the chassis's coroutines on Django's synchronous connection.

They await nothing else, so no event loop is needed.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

from django.db import connection
from psycopg import AsyncConnection, Cursor
from psycopg.rows import tuple_row


def run_sync[Result](coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of a coroutine that uses `django_connection` or `connect`.

    Raises RuntimeError if it awaits anything else.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast(Result, done.value)
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} awaits more than the database: no event loop runs here.")


def django_connection() -> AsyncConnection[Any]:
    """Return Django's connection of this thread with its transaction, as an async connection."""
    return cast(AsyncConnection[Any], _Connection())


@asynccontextmanager
async def connect() -> AsyncIterator[AsyncConnection[Any]]:
    """Yield the same connection, for parameters of the type `Connector`.

    Each statement commits, unless a transaction is open.
    """
    yield django_connection()


class _Cursor:
    """The part of psycopg's AsyncCursor that the chassis uses."""

    def __init__(self, cursor: Cursor[Any]) -> None:
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    async def execute(self, query: Any, parameters: Any = None) -> None:
        with connection.wrap_database_errors:
            self._cursor.execute(query, parameters)

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()


class _Connection:
    """The part of psycopg's AsyncConnection that the chassis uses."""

    @asynccontextmanager
    async def cursor(self, row_factory: Callable[..., Any] = tuple_row) -> AsyncIterator[_Cursor]:
        with _cursor(row_factory) as cursor:
            yield _Cursor(cursor)

    async def execute(self, query: Any, parameters: Any = None) -> _Cursor:
        cursor = _Cursor(_cursor(tuple_row))
        await cursor.execute(query, parameters)
        return cursor


def _cursor(row_factory: Callable[..., Any]) -> Cursor[Any]:
    connection.ensure_connection()
    # a connection that broke in an earlier statement refuses a cursor too
    with connection.wrap_database_errors:
        cursor: Cursor[Any] = connection.connection.cursor(row_factory=row_factory)
        return cursor

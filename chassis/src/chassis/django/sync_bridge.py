"""The framework-free parts of the chassis, which are coroutines, on Django's connection, which is
not: nothing in them ever waits for anything else, so each is finished where it is called."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

from django.db import connection
from psycopg import AsyncConnection, Cursor
from psycopg.rows import tuple_row


def finish[Result](coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that works with `borrowed` or `connect`, and return its result."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast(Result, done.value)
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} waits for something: nobody runs a loop here.")


def borrowed() -> AsyncConnection[Any]:
    """Lend Django's connection of this thread, in whatever transaction it is."""
    return cast(AsyncConnection[Any], _Connection())


@asynccontextmanager
async def connect() -> AsyncIterator[AsyncConnection[Any]]:
    """Lend it as `chassis.connections.Connector` wants; each statement commits, unless there is a
    transaction already."""
    yield borrowed()


class _Cursor:
    """What of psycopg's AsyncCursor the chassis uses."""

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
    """What of psycopg's AsyncConnection the chassis uses."""

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
    # a connection that broke a statement ago refuses a cursor, too
    with connection.wrap_database_errors:
        cursor: Cursor[Any] = connection.connection.cursor(row_factory=row_factory)
        return cursor

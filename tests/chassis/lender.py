"""Connections as the framework-free parts of the chassis borrow them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection


class Lender:
    """Lends connections and counts how many are out."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.lent = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncConnection[Any]]:
        """Lend one; leaving commits."""
        async with await AsyncConnection.connect(self._url) as connection:
            self.lent += 1
            try:
                yield connection
            finally:
                self.lent -= 1

    async def rows(self, query: Any, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement; give what it returns."""
        async with self() as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

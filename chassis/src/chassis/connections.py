"""Database connections for the parts of the chassis that use no framework."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from psycopg import AsyncConnection

Connector = Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]]
"""Opens a context with a psycopg connection. Its end commits, or rolls back after an error."""

"""How the framework-free parts of the chassis get a database connection."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from psycopg import AsyncConnection

Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]]
"""Lend a psycopg connection; leaving the context commits, or rolls back after an error."""

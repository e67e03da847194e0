"""A database that cannot be reached."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

PASSWORD = "a-password-that-nobody-may-read"  # noqa: S105 - of a database that does not exist


@contextmanager
def without_database() -> Iterator[None]:
    """Make every use of the database fail inside the context, as during an outage."""
    original = connections[DEFAULT_DB_ALIAS]
    broken = original.copy()
    broken.settings_dict |= {"HOST": "127.0.0.1", "PORT": "9", "PASSWORD": PASSWORD}
    # a pool would retry for seconds
    broken.settings_dict["OPTIONS"].pop("pool", None)
    connections[DEFAULT_DB_ALIAS] = broken
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = original

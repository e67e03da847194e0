"""A database that is gone."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

PASSWORD = "a-password-that-nobody-may-read"  # noqa: S105 - of a database that does not exist


@contextmanager
def without_database() -> Iterator[None]:
    """Let everything fail that needs the database, as it does on a bad day."""
    kept = connections[DEFAULT_DB_ALIAS]
    broken = kept.copy()
    broken.settings_dict |= {"HOST": "127.0.0.1", "PORT": "9", "PASSWORD": PASSWORD}
    # a pool would try again for seconds
    broken.settings_dict["OPTIONS"].pop("pool", None)
    connections[DEFAULT_DB_ALIAS] = broken
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = kept

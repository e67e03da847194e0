"""The database address as an entry of Django's `DATABASES`."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
POOL = {"min_size": 1, "max_size": 16, "timeout": 10}
"""Connections of one process: the server has far more threads than a database has room for."""


def database(url: str) -> dict[str, Any]:
    """Turn `postgresql://user:password@host:port/name?sslmode=…` into a `DATABASES` entry.

    A statement that runs for 30 s, or waits 10 s for a lock, is cancelled (a migration is not).
    Connections are pooled and checked before they are used again. Raises psycopg.ProgrammingError
    for an address that cannot be read.
    """
    given = dict(conninfo_to_dict(url))
    limits = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.pop("dbname", ""),
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": given.pop("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**given, "pool": POOL, "options": f"{given.get('options', '')} {limits}".strip()},
    }

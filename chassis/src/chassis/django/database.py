"""The database address as an entry of Django's `DATABASES`."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from chassis.environment import SettingsError

STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
POOL = {"min_size": 1, "max_size": 16, "timeout": 3}
"""The connection pool of one process; the server has more threads than that."""


def database(url: str) -> dict[str, Any]:
    """Turn `postgresql://user:password@host:port/name?sslmode=…` into a `DATABASES` entry.

    A statement that runs for 30 s, or waits 10 s for a lock, is canceled (a migration is not).
    Connections are pooled and checked before they are used again. Raises SettingsError, without
    the address, which holds a password.
    """
    try:
        options = dict(conninfo_to_dict(url))
    except ProgrammingError:
        raise SettingsError(
            "DATABASE_URL: cannot be read; set it to postgresql://user:password@host/database, "
            "with %40 for an @ in the password."
        ) from None
    limits = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    # the role has it too, but not on connections that a pool made before the first migration
    path = "-c search_path=public,platform"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": options.pop("dbname", ""),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": options.pop("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **options,
            "pool": POOL,
            "options": f"{options.get('options', '')} {limits} {path}".strip(),
        },
    }

"""Where a process runs, and the few variables that are read before all settings.

Values come from the environment, then from `.env` in the service's folder. Without `ENVIRONMENT` it
is production, so that a forgotten variable fails closed.
"""

import os
from enum import StrEnum

from dotenv import dotenv_values

from chassis.service import Half, Service


class Environment(StrEnum):
    """Where a process runs. It decides which defaults are allowed."""

    DEVELOPMENT = "development"
    TEST = "test"
    BUILD = "build"
    PRODUCTION = "production"

    @property
    def is_local(self) -> bool:
        """Whether placeholders and http are allowed."""
        return self is not Environment.PRODUCTION

    def refuse_build(self) -> None:
        """Raise SettingsError in a build.

        A build writes files with throw-away values. A process that it configured must neither serve
        nor change a database.
        """
        if self is Environment.BUILD:
            raise SettingsError(
                "ENVIRONMENT: build is for writing files and never serves; "
                "set it to production, development or test."
            )


class SettingsError(SystemExit):
    """Variables are missing or invalid; the text has one line for each and never a value.

    A server, Alembic or `manage.py` that does not catch it ends with this text and without a
    traceback.
    """


def lookup(service: Service, *names: str) -> str | None:
    """Return the first of the variables `names` that has a value.

    The environment wins over `.env`.
    """
    for source in (os.environ, dotenv_values(service.root / ".env")):
        for name in names:
            if value := source.get(name):
                return value
    return None


def read_environment(service: Service) -> Environment:
    """Return where this process runs: `ENVIRONMENT`, else production.

    Raises SettingsError for an unknown name.
    """
    value = lookup(service, "ENVIRONMENT") or Environment.PRODUCTION
    try:
        return Environment(value)
    except ValueError:
        raise SettingsError(f"ENVIRONMENT: set it to {', '.join(Environment)}.") from None


def database_url(service: Service, half: Half) -> str | None:
    """Return the database address that the environment names for `half`, or None.

    The half's own variable wins over `DATABASE_URL`. In development without either,
    `chassis.devdb.url` is the address.
    """
    return lookup(service, f"{half.upper()}_DATABASE_URL", "DATABASE_URL")

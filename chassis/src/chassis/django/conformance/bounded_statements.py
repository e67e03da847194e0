"""DATA005."""

from collections.abc import Iterator
from typing import override

from django.db import connections

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest


class BoundedStatements(SyncRule[SystemUnderTest]):
    """Statements and waits for locks have a time limit; no transaction spans a whole request."""

    id = "DATA005"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Build `DATABASES` with `chassis.django.database`, which sets both limits. Keep
        `ATOMIC_REQUESTS` off: begin a transaction only for the write that needs it.
        """
        for alias in connections:
            connection = connections[alias]
            with connection.cursor() as cursor:
                for name in ("statement_timeout", "lock_timeout"):
                    cursor.execute("SELECT current_setting(%s)", [name])
                    if cursor.fetchone() == ("0",):
                        yield Finding(alias, f"has no {name}")
            if connection.settings_dict["ATOMIC_REQUESTS"]:
                yield Finding(alias, "holds a transaction for the whole of each request")

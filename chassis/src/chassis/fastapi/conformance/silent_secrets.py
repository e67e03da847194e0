"""OBS002."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.data.db import Database

_PASSWORD = "a-password-that-nobody-may-read"  # noqa: S105 - of a database that does not exist
_NOWHERE = f"postgresql://nobody:{_PASSWORD}@127.0.0.1:9/nothing?connect_timeout=1"


class SilentSecrets(Rule[SystemUnderTest]):
    """No log line contains a token or password, not even after an error."""

    id = "OBS002"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Log identifiers, never whole headers, bodies or settings. The platform redacts values by
        their key (`token`, `password`, `authorization`) and by their format; if it misses a value,
        rename its key.
        """
        token = system.everything["Authorization"].partition(" ")[2]
        with system.log() as lines, _without_database(system):
            for operation in system.operations:
                body = operation.body
                sample = system.sample(body, _PASSWORD) if body else None
                await system.ask(operation.method, operation.url, json=sample)
        for line in lines:
            text = str(line)
            for kind, secret in (("a token", token), ("a password", _PASSWORD)):
                if secret in text:
                    yield Finding(str(line["event"] or "a line that is not JSON"), f"shows {kind}")


@contextmanager
def _without_database(system: SystemUnderTest) -> Iterator[None]:
    """Make every use of the database fail, as during an outage."""
    platform = system.app.platform
    original = platform.database
    platform.database = Database.at(_NOWHERE)
    try:
        yield
    finally:
        platform.database = original

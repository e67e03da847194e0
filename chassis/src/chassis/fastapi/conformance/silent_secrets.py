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
    """No token and no password is ever in a log line, not even when something breaks."""

    id = "OBS002"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Log identifiers, never headers, bodies or settings as a whole. The platform redacts what
        has a telling key (`token`, `password`, `authorization`) or form; rename what it misses.
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
                    yield Finding(str(line["event"] or "a line that is no JSON"), f"shows {kind}")


@contextmanager
def _without_database(system: SystemUnderTest) -> Iterator[None]:
    """Let everything fail that needs the database, as it does on a bad day."""
    platform = system.app.platform
    kept = platform.database
    platform.database = Database.at(_NOWHERE)
    try:
        yield
    finally:
        platform.database = kept

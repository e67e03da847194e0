"""OBS005."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.data.db import Database
from chassis.health import Readiness

_NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing?connect_timeout=1"


class LivingAndReady(Rule[SystemUnderTest]):
    """`/livez` needs no dependency; `/readyz` answers 503 during the start and while draining."""

    id = "OBS005"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Let the platform answer both. If `/livez` queries the database, an outage of the database
        makes the orchestrator restart healthy processes. If `/readyz` has no draining state, every
        rollout loses requests.
        """
        platform = system.app.platform
        database, readiness = platform.database, platform.readiness
        settings = platform.settings
        try:
            platform.database = Database.at(_NOWHERE)
            platform.settings = settings.model_copy(update={"database_url": _NOWHERE})
            platform.readiness = Readiness("migrations")
            expected = {"/livez": HTTPStatus.OK, "/readyz": HTTPStatus.SERVICE_UNAVAILABLE}
            for path, status in expected.items():
                answer = await system.client.get(path)
                if answer.status_code != status:
                    yield Finding(path, f"answered {answer.status_code} without a database")
            platform.readiness = Readiness()
            platform.readiness.drain()
            answer = await system.client.get("/readyz")
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                yield Finding("/readyz", f"answered {answer.status_code} while draining")
        finally:
            platform.database, platform.readiness = database, readiness
            platform.settings = settings

"""SEC002."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule, secrets
from chassis.fastapi.conformance.system_under_test import SystemUnderTest


class PlaceholderSecrets(Rule[SystemUnderTest]):
    """The service does not start with a placeholder secret outside development."""

    id = "SEC002"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Type the setting as `Secret`, with `development_secret("name")` as its default.
        Production refuses this default, and also short values and placeholders.
        """
        for name in secrets.kept_defaults(type(system.app.platform.settings)):
            yield Finding(name.upper(), "keeps its development default in production")

"""API005."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.contracts import rendered


class CommittedContract(Rule[SystemUnderTest]):
    """The committed contracts are those of the application."""

    id = "API005"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Run `uv run just generate`, look at what changed for your clients, and commit it."""
        root = system.app.platform.service.root
        for name, text in rendered(system.app).items():
            file = root / name
            if not file.is_file():
                yield Finding(name, "is not there")
            elif file.read_text(encoding="utf-8") != text:
                yield Finding(name, "says something else than the code")

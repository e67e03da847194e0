"""API005."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.contracts import rendered


class CommittedContract(Rule[SystemUnderTest]):
    """The committed contracts match the application."""

    id = "API005"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Run `uv run just generate`, review the changes that clients see, and commit the files."""
        root = system.app.platform.service.root
        for name, text in rendered(system.app).items():
            file = root / name
            if not file.is_file():
                yield Finding(name, "does not exist")
            elif file.read_text(encoding="utf-8") != text:
                yield Finding(name, "differs from the code")

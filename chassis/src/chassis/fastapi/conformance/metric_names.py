"""OBS003."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule, measuring
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.requests.routes import UNMATCHED


class MetricNames(Rule[SystemUnderTest]):
    """Durations are counted under OpenTelemetry's names, by template and never by path."""

    id = "OBS003"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Leave the measuring to the platform's layer. A label that holds a path makes a new series
        for each caller, until Prometheus is full.
        """
        with measuring.counting() as counted:
            for operation in system.operations:
                await system.ask(operation.method, operation.url)
        known = {entry.template for entry in system.routes} | {UNMATCHED}
        for labels in counted:
            if labels.keys() != measuring.LABELS:
                yield Finding(measuring.NAME, f"has the labels {', '.join(sorted(labels))}")
            elif labels["http_route"] not in known:
                yield Finding(labels["http_route"], "is a label and no template")
        for operation in system.operations:
            if not any(labels.get("http_route") == operation.path for labels in counted):
                yield Finding(operation.name, "was not counted")

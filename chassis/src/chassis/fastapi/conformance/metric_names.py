"""OBS003."""

from collections.abc import AsyncIterator
from typing import override

from chassis.conformance import Finding, Level, Rule, measuring
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.requests.routes import UNMATCHED


class MetricNames(Rule[SystemUnderTest]):
    """Request durations use OpenTelemetry's names and the route template, never the path."""

    id = "OBS003"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Let the platform's layer record the durations. A label that holds a path makes a new time
        series for each URL, until Prometheus runs out of memory.
        """
        with measuring.counting() as counted:
            for operation in system.operations:
                await system.ask(operation.method, operation.url)
        known = {entry.template for entry in system.routes} | {UNMATCHED}
        for labels in counted:
            if labels.keys() != measuring.LABELS:
                yield Finding(measuring.NAME, f"has the labels {', '.join(sorted(labels))}")
            elif labels["http_route"] not in known:
                yield Finding(labels["http_route"], "is a label, but not a route template")
        for operation in system.operations:
            if not any(labels.get("http_route") == operation.path for labels in counted):
                yield Finding(operation.name, "was not recorded")

"""OBS003."""

from collections.abc import Iterator
from typing import override

from chassis.conformance import Finding, Level, SyncRule, measuring
from chassis.django.conformance.system_under_test import SystemUnderTest, visitor


class MetricNames(SyncRule[SystemUnderTest]):
    """Durations are counted under OpenTelemetry's names, by template and never by path."""

    id = "OBS003"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Leave the measuring to the platform's middleware. A label that holds a path makes a new
        series for each caller, until Prometheus is full.
        """
        known = {route.template for route in system.routes} | {"unmatched"}
        with measuring.counting() as counted:
            for path, _ in system.reachable:
                visitor().get(path)
        for labels in counted:
            if labels.keys() != measuring.LABELS:
                yield Finding(measuring.NAME, f"has the labels {', '.join(sorted(labels))}")
        seen = {labels.get("http_route", "") for labels in counted}
        for template in sorted(seen - known):
            yield Finding(template, "is a label and no template")
        for _, route in system.reachable:
            if route.template not in seen:
                yield Finding(f"GET {route.template}", "was not counted")

"""OBS003."""

from collections.abc import Iterator
from typing import override

from chassis.conformance import Finding, Level, SyncRule, measuring
from chassis.django.conformance.system_under_test import SystemUnderTest, anonymous_client


class MetricNames(SyncRule[SystemUnderTest]):
    """Request durations use OpenTelemetry's names and the route template, never the path."""

    id = "OBS003"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Let the platform's middleware record the durations. A label that holds a path makes a new
        time series for each URL, until Prometheus runs out of memory.
        """
        known = {route.template for route in system.routes} | {"unmatched"}
        with measuring.counting() as counted:
            for path, _ in system.reachable:
                anonymous_client().get(path)
        for labels in counted:
            if labels.keys() != measuring.LABELS:
                yield Finding(measuring.NAME, f"has the labels {', '.join(sorted(labels))}")
        seen = {labels.get("http_route", "") for labels in counted}
        for template in sorted(seen - known):
            yield Finding(template, "is a label, but not a route template")
        for _, route in system.reachable:
            if route.template not in seen:
                yield Finding(f"GET {route.template}", "was not recorded")

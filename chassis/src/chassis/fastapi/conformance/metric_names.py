"""OBS003."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import override

from prometheus_client import REGISTRY

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.subject import Subject
from chassis.fastapi.routes import UNMATCHED
from chassis.telemetry import metrics

_NAME = "http_server_request_duration_seconds"
_LABELS = {"http_request_method", "http_route", "http_response_status_code"}


class MetricNames(Rule[Subject]):
    """Durations are counted under OpenTelemetry's names, by template and never by path."""

    id = "OBS003"
    level = Level.SILVER

    @override
    async def check(self, subject: Subject) -> AsyncIterator[Finding]:
        """Leave the measuring to the platform's layer. A label that holds a path makes a new series
        for each caller, until Prometheus is full.
        """
        with _counting():
            for operation in subject.operations:
                await subject.ask(operation.method, operation.url)
            counted = [
                sample.labels
                for metric in REGISTRY.collect()
                for sample in metric.samples
                if sample.name == f"{_NAME}_count"
            ]
        known = {entry.template for entry in subject.routes} | {UNMATCHED}
        for labels in counted:
            if labels.keys() != _LABELS:
                yield Finding(_NAME, f"has the labels {', '.join(sorted(labels))}")
            elif labels["http_route"] not in known:
                yield Finding(labels["http_route"], "is a label and no template")
        for operation in subject.operations:
            if not any(labels.get("http_route") == operation.path for labels in counted):
                yield Finding(operation.name, "was not counted")


@cache
def _metrics() -> metrics.Metrics:
    return metrics.Metrics()


@contextmanager
def _counting() -> Iterator[None]:
    """Count meanwhile; a process has one registry."""
    before = metrics.active
    metrics.active = before or _metrics()
    try:
        yield
    finally:
        metrics.active = before

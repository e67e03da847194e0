"""The durations that a service counts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from prometheus_client import REGISTRY

from chassis.telemetry import metrics

NAME = "http_server_request_duration_seconds"
LABELS = {"http_request_method", "http_route", "http_response_status_code"}


@contextmanager
def counting() -> Iterator[list[Mapping[str, str]]]:
    """Count durations inside the context; the yielded list gets their labels at its end.

    A process has one registry, so the list holds the difference.
    """
    active = metrics.active
    before = _counts()
    durations: list[Mapping[str, str]] = []
    metrics.active = active or _metrics()
    try:
        yield durations
    finally:
        metrics.active = active
        after = _counts()
        durations.extend(dict(labels) for labels in after if after[labels] > before.get(labels, 0))


def _counts() -> dict[frozenset[tuple[str, str]], float]:
    return {
        frozenset(sample.labels.items()): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == f"{NAME}_count"
    }


@cache
def _metrics() -> metrics.Metrics:
    return metrics.Metrics()

"""Which durations a service really counts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from prometheus_client import REGISTRY

from chassis.telemetry import metrics

NAME = "http_server_request_duration_seconds"
LABELS = {"http_request_method", "http_route", "http_response_status_code"}


@contextmanager
def counting() -> Iterator[list[Mapping[str, str]]]:
    """Count meanwhile; the list is filled at the end with the labels of every duration that was.

    A process has one registry: what is given is what grew.
    """
    active = metrics.active
    before = _counts()
    found: list[Mapping[str, str]] = []
    metrics.active = active or _metrics()
    try:
        yield found
    finally:
        metrics.active = active
        after = _counts()
        found.extend(dict(labels) for labels in after if after[labels] > before.get(labels, 0))


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

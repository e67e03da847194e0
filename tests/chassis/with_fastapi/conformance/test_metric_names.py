"""OBS003."""

from typing import Any

from fastapi import Request

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.metric_names import MetricNames
from chassis.telemetry import metrics


async def test_accepts_what_the_layer_counts(app: Application, examine: Any) -> None:
    """One series for a template, whatever the path is; afterwards nothing counts any more."""

    @app.get("/v1/things/{thing_id}")
    async def thing(thing_id: str) -> str:
        return thing_id

    assert await examine(MetricNames()) == []
    assert metrics.active is None


async def test_finds_a_path_among_the_labels(app: Application, examine: Any) -> None:
    """Somebody who counts by path is named by it."""

    @app.get("/v1/odd/{thing_id}")
    async def odd(thing_id: str, request: Request) -> str:
        assert metrics.active is not None
        metrics.active.observe("GET", request.url.path, 200, 0.1)
        return thing_id

    found = await examine(MetricNames())
    assert any(place.startswith("/v1/odd/0000") for place in found)

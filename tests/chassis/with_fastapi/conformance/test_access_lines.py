"""OBS001."""

from typing import Any

import structlog

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.access_lines import AccessLines


async def test_accepts_the_layers_line(app: Application, examine: Any) -> None:
    """One line with everything in it."""

    @app.get("/v1/things/{thing_id}")
    async def thing(thing_id: str) -> str:
        return thing_id

    assert await examine(AccessLines()) == []


async def test_finds_a_second_access_line(app: Application, examine: Any) -> None:
    """Somebody who logs requests by hand counts them twice."""

    @app.get("/v1/things")
    async def things() -> None:
        structlog.get_logger().info("request", route="/v1/things", status=200)

    assert await examine(AccessLines()) == ["GET /v1/things"]

"""SEC001."""

from typing import Any

from starlette.responses import Response

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.security_headers import SecurityHeaders


async def test_accepts_what_the_layer_adds(app: Application, examine: Any) -> None:
    """An ordinary answer has the headers without doing anything for them."""

    @app.get("/v1/things")
    async def things() -> str:
        return "things"

    assert await examine(SecurityHeaders()) == []


async def test_finds_a_policy_that_allows_scripts(app: Application, examine: Any) -> None:
    """An answer that brings a wider policy of its own is named."""

    @app.get("/v1/page")
    async def page() -> Response:
        return Response("<p>", headers={"Content-Security-Policy": "default-src *"})

    assert await examine(SecurityHeaders()) == ["GET /v1/page"]

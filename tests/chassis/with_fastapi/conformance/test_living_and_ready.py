"""OBS005."""

from typing import Any

from starlette.responses import PlainTextResponse

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.living_and_ready import LivingAndReady


async def test_accepts_the_platforms_probes(app: Application, examine: Any) -> None:
    """They are what the rule describes."""
    assert await examine(LivingAndReady()) == []


async def test_finds_a_probe_that_always_agrees(app: Application, examine: Any) -> None:
    """A readiness probe of one's own that knows no draining is named."""
    kept = [route for route in app.router.routes if getattr(route, "path", "") != "/readyz"]
    app.router.routes[:] = kept
    app.add_route("/readyz", lambda request: PlainTextResponse("ready"))
    assert await examine(LivingAndReady()) == ["/readyz"]

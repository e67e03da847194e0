"""AUTH003."""

from typing import Any
from uuid import UUID

import jwt

from chassis.auth import Principal
from chassis.fastapi.app import Application
from chassis.fastapi.conformance.foreign_token_refused import ForeignTokenRefused


class Careless:
    """A verifier that reads a token without verifying it."""

    async def verify(self, token: str) -> Principal:
        """Believe everything."""
        claims = jwt.decode(token, options={"verify_signature": False})
        return Principal(claims["iss"], claims["sub"], UUID(claims["tenant"]), None, frozenset())


def furnish(app: Application) -> None:
    """Add a route."""

    @app.get("/v1/things")
    async def show() -> str:
        return "things"


async def test_accepts_the_platforms_verifier(app: Application, examine: Any) -> None:
    """No foreign token opens anything."""
    furnish(app)
    assert await examine(ForeignTokenRefused()) == []


async def test_finds_a_verifier_that_does_not_verify(app: Application, examine: Any) -> None:
    """A token that nobody signed is noticed where it opens a route."""
    app.platform.verifier = Careless()  # type: ignore[assignment]
    furnish(app)
    assert "GET /v1/things" in await examine(ForeignTokenRefused())

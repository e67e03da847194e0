"""API003."""

from typing import Any

from fastapi import APIRouter, Depends

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.idempotent_writes import IdempotentWrites
from chassis.fastapi.requests.idempotency import IdempotentRoute
from chassis.fastapi.security.permissions import public, requires

WRITER = [Depends(requires("things:write"))]


async def test_accepts_a_key_and_what_needs_none(app: Application, examine: Any) -> None:
    """The platform's route class takes the header; a public operation knows no caller."""
    router = APIRouter(prefix="/v1/things", route_class=IdempotentRoute)

    @router.post("", dependencies=WRITER)
    async def add() -> None: ...

    @app.post("/v1/sign-up", dependencies=[Depends(public)])
    async def sign_up() -> None: ...

    app.include_router(router)
    assert await examine(IdempotentWrites()) == []


async def test_finds_a_write_without_a_key(app: Application, examine: Any) -> None:
    """A retry of it would do the work twice."""

    @app.post("/v1/things", dependencies=WRITER)
    async def add() -> None: ...

    assert await examine(IdempotentWrites()) == ["POST /v1/things"]

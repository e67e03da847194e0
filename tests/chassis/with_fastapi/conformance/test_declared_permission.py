"""AUTH001."""

from typing import Any

from fastapi import Depends, WebSocket
from starlette.responses import Response

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.declared_permission import DeclaredPermission
from chassis.fastapi.security.permissions import public, requires


async def nothing() -> None:
    """Answer null."""


async def talk(socket: WebSocket) -> None:
    """Accept."""
    await socket.accept()


async def test_accepts_a_permission_and_public(app: Application, examine: Any) -> None:
    """Either mark will do, on a websocket too."""
    app.get("/v1/things", dependencies=[Depends(requires("things:read"))])(nothing)
    app.post("/v1/sign-up", dependencies=[Depends(public)])(nothing)
    app.websocket("/ws", dependencies=[Depends(requires("things:read"))])(talk)
    assert await examine(DeclaredPermission()) == []


async def test_finds_a_route_without_a_mark(app: Application, examine: Any) -> None:
    """A forgotten mark is named by its route, of whatever kind it is."""
    app.get("/v1/things")(nothing)
    app.websocket("/ws")(talk)
    app.add_route("/plain", lambda _request: Response())
    assert await examine(DeclaredPermission()) == ["/plain", "/v1/things", "/ws"]

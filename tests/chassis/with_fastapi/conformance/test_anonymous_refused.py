"""AUTH002."""

from typing import Any

from fastapi import FastAPI, WebSocket
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.anonymous_refused import AnonymousRefused


class Unguarded(Application):
    """An application that somebody took the request layer from."""

    def build_middleware_stack(self) -> ASGIApp:
        """Let strangers pass as somebody."""
        inside = FastAPI.build_middleware_stack(self)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            scope["chassis.platform"] = self.platform
            await inside(scope, receive, send)

        return serve


def furnish(app: Application) -> None:
    """Add a route, a mount and a websocket."""

    @app.get("/v1/things/{thing_id}")
    async def show(thing_id: str) -> str:
        return thing_id

    @app.websocket("/ws/{room}")
    async def talk(socket: WebSocket, room: str) -> None:
        await socket.accept()

    app.mount("/sub", FastAPI())


async def test_accepts_the_layer(app: Application, examine: Any) -> None:
    """The platform's layer refuses at every door, without being told of any."""
    furnish(app)
    assert await examine(AnonymousRefused()) == []


async def test_finds_doors_around_the_layer(app: Application, examine: Any) -> None:
    """Without the layer every door is named, the websocket and the mount among them."""
    app.__class__ = Unguarded
    furnish(app)
    found = await examine(AnonymousRefused())
    assert {"GET /v1/things/{thing_id}", "WEBSOCKET /ws/{room}"} <= set(found)

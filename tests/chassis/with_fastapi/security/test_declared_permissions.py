"""A service does not start while a route is silent about who may call it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from chassis.fastapi.app import Application
from chassis.fastapi.data.db import ModelError
from chassis.fastapi.requests.routes import RouteError, walk
from chassis.fastapi.security.permissions import Guarded, authenticated, public, requires


async def endpoint() -> None:
    """Do nothing."""


async def socket(websocket: WebSocket) -> None:
    """Do nothing."""


async def plain(_request: Request) -> Response:
    """Answer as a plain Starlette endpoint."""
    return PlainTextResponse("plain")


def nested(app: FastAPI) -> None:
    """Include a router in a router."""
    inner = APIRouter(prefix="/{thing_id}")
    inner.add_api_route("/parts", endpoint, methods=["POST"])
    outer = APIRouter(prefix="/things")
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")


def sub_application(app: FastAPI) -> None:
    """Mount another FastAPI without its documentation."""
    other = FastAPI(openapi_url=None)
    other.add_api_route("/parts", endpoint)
    app.mount("/sub", other)


SILENT: dict[str, tuple[Callable[[FastAPI], Any], str]] = {
    "route": (lambda app: app.add_api_route("/things", endpoint), "GET /things does not declare"),
    "nested": (nested, "POST /v1/things/{thing_id}/parts does not declare"),
    "websocket": (lambda app: app.add_api_websocket_route("/ws", socket), "/ws does not declare"),
    "plain": (lambda app: app.add_route("/plain", plain), r"/plain .* Guarded\(…"),
    "mount": (
        lambda app: app.mount("/files", StaticFiles(directory=Path(__file__).parent)),
        "/files",
    ),
    "sub-application": (sub_application, "GET /sub/parts does not declare"),
}


@pytest.mark.parametrize("case", SILENT)
async def test_silent_route_stops_the_start(app: Application, case: str) -> None:
    """Whatever kind of route it is, one sentence names it and what to add."""
    add, sentence = SILENT[case]
    add(app)
    with pytest.raises(RouteError, match=sentence):
        async with app.router.lifespan_context(app):
            pass


@pytest.mark.parametrize("crash", [None, RuntimeError("the cause")])
async def test_the_server_is_told_in_one_sentence(make_app: Any, crash: Exception | None) -> None:
    """A silent route has no traceback to offer; a crash in the team's own start keeps its."""

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        raise crash or AssertionError
        yield

    app = make_app(lifespan=lifespan)
    if crash is None:
        app.add_api_route("/things", endpoint)
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        told.append(message)

    with nullcontext() if crash is None else pytest.raises(RuntimeError):
        await app({"type": "lifespan", "state": {}}, receive, send)
    (message,) = told
    assert message["type"] == "lifespan.startup.failed"
    assert ("Traceback" in message["message"]) is (crash is not None)
    assert ("the cause" if crash else "GET /things does not declare") in message["message"]


@pytest.mark.parametrize(("lazy", "refused"), [("select", True), ("raise", False)])
def test_relation_that_loads_row_by_row_stops_the_start(
    app: Application, lazy: Any, *, refused: bool
) -> None:
    """N+1 cannot happen unseen: the sentence names the relation and what to write."""

    class Base(DeclarativeBase):
        """Declares tables."""

    class Parent(Base):
        """One."""

        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Child(Base):
        """Many."""

        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey(Parent.id))
        parent: Mapped[Parent] = relationship(Parent, lazy=lazy)

    try:
        with (
            pytest.raises(ModelError, match=r"Child\.parent .* lazy=") if refused else nullcontext()
        ):
            app.check()
    finally:
        Base.registry.dispose()


async def test_declared_routes_start(app: Application) -> None:
    """A permission, `authenticated`, `public` and `Guarded` are declarations, wherever they
    stand."""
    mine = APIRouter(dependencies=[Depends(requires("things:read"))])
    mine.add_api_route("/a", endpoint)
    mine.add_api_websocket_route("/ws", socket)
    app.include_router(mine, prefix="/v1")
    app.add_api_route("/b", endpoint, name="b", dependencies=[Depends(authenticated)])
    app.add_api_route("/c", endpoint, name="c", dependencies=[Depends(public)])
    app.mount("/files", Guarded(StaticFiles(directory=Path(__file__).parent), "files:read"))
    app.router.routes.append(Route("/plain", Guarded(PlainTextResponse("plain"), "things:read")))
    async with app.router.lifespan_context(app):
        assert {entry.template for entry in walk(app)} >= {"/v1/a", "/v1/ws", "/b", "/c", "/plain"}


async def test_guarded_application_needs_its_permission(
    app: Application, client: httpx2.AsyncClient, make_caller: Any
) -> None:
    """Strangers get 401, callers without the permission 403, the others what is served."""
    app.mount("/files", Guarded(StaticFiles(directory=Path(__file__).parent), "files:read"))
    app.router.routes.append(Route("/plain", Guarded(PlainTextResponse("plain"), "things:read")))
    path = f"/files/{Path(__file__).name}"
    assert (await client.get(path)).status_code == 401
    refused = await client.get(path, headers=make_caller("things:read"))
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/permission-denied")
    assert (await client.get(path, headers=make_caller("files:read"))).status_code == 200
    assert (await client.get("/plain", headers=make_caller("things:read"))).text == "plain"


def test_the_walk_finds_every_operation_of_the_contract(app: Application) -> None:
    """What OpenAPI lists was looked at."""
    nested(app)
    listed = {
        (method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item
    }
    walked = {(method, entry.template) for entry in walk(app) for method in entry.methods}
    assert listed == {("POST", "/v1/things/{thing_id}/parts")}
    assert listed <= walked

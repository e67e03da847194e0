"""The request layer: who gets in, under which identifiers, and to which route."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from chassis.environment import Environment
from chassis.fastapi.app import Application
from chassis.fastapi.requests.routes import RouteError
from chassis.fastapi.security.permissions import public

type Lines = Callable[[], list[tuple[Any, ...]]]

PROBLEM = "application/problem+json"


# who gets in


def _plain(app: Application) -> str:
    app.add_route("/plain", lambda _request: PlainTextResponse("open"))
    return "/plain"


def _mounted(app: Application) -> str:
    app.mount("/sub", FastAPI())
    return "/sub/openapi.json"


def _nothing() -> None:
    return None


def _declared(app: Application) -> str:
    app.get("/things")(_nothing)
    return "/things"


@pytest.mark.parametrize("open_door", [_plain, _mounted, _declared])
async def test_nothing_is_reached_without_a_token(
    app: Application,
    client: httpx2.AsyncClient,
    caller: dict[str, str],
    open_door: Callable[[Application], str],
) -> None:
    """Plain routes and mounts are as closed as declared ones, and open to a caller."""
    path = open_door(app)
    refused = await client.get(path)
    assert (refused.status_code, refused.headers["content-type"]) == (401, PROBLEM)
    assert (await client.get(path, headers=caller)).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/docs/swagger-ui.css"])
async def test_production_shows_no_contract(make_app: Any, path: str) -> None:
    """In production the page and the contract are neither public nor there."""
    app = make_app(environment=Environment.PRODUCTION)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://test"
    ) as client:
        assert (await client.get(path)).status_code == 401
    assert app.openapi_url is None


@pytest.mark.parametrize(
    "values",
    [
        [b"\xff\xfe"],
        [b"Bearer"],
        [b"Bearer \xff"],
        [b"Basic YTpi"],
        [b"Bearer a.b.c"],
        [b"Bearer " + b"x" * 20_000],
        [b"Bearer a", b"Bearer b"],
    ],
)
async def test_malformed_token_is_401(client: httpx2.AsyncClient, values: list[bytes]) -> None:
    """Whatever stands in the header, the answer is a refusal and not a crash."""
    headers = [(b"authorization", value) for value in values]
    answer = await client.get("/things", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_two_tokens_are_none(client: httpx2.AsyncClient, caller: dict[str, str]) -> None:
    """A header that comes twice is refused, so that no two readers can see different callers."""
    good = caller["Authorization"].encode()
    for values in ([good, b"Bearer b"], [b"Bearer b", good], [good, good]):
        headers = [(b"authorization", value) for value in values]
        assert (await client.get("/things", headers=headers)).status_code == 401


async def test_public_route_needs_no_token(app: Application, client: httpx2.AsyncClient) -> None:
    """A route marked public is open, for its own method only."""

    @app.post("/hello", dependencies=[Depends(public)])
    async def hello() -> str:
        return "hello"

    assert (await client.post("/hello")).status_code == 200
    assert (await client.get("/hello")).status_code == 401


async def test_public_route_may_not_have_parameters(app: Application) -> None:
    """A pattern would be public for paths that nobody had in mind."""
    app.get("/hello/{name}", dependencies=[Depends(public)])(lambda name: name)
    with pytest.raises(RouteError, match=r"/hello/\{name\} is marked public"):
        assert app.platform.public


def test_websocket_needs_a_token(app: Application, caller: dict[str, str], lines: Lines) -> None:
    """A websocket is refused before it is accepted, and both kinds leave a line."""

    @app.websocket("/ws/{room}")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    client = TestClient(app)
    with pytest.raises(WebSocketDenialResponse), client.websocket_connect("/ws/1"):
        pass
    with client.websocket_connect("/ws/1", headers=caller) as connection:
        assert connection.receive_text() == "hello"
        with pytest.raises(WebSocketDisconnect):
            connection.receive_text()
    assert lines() == [("unmatched", 401, "complete"), ("/ws/{room}", 101, "complete")]


def test_client_may_end_a_websocket(
    app: Application, caller: dict[str, str], written: list[Any], lines: Lines
) -> None:
    """A conversation that the client closes is complete and nobody's error."""

    @app.websocket("/ws")
    async def listen(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    with TestClient(app).websocket_connect("/ws", headers=caller):
        pass
    assert lines() == [("/ws", 101, "complete")]
    assert len(written) == 1


# identifiers


async def test_request_id_is_kept_if_harmless(client: httpx2.AsyncClient) -> None:
    """A caller's own id comes back; one with other characters is replaced."""
    kept = await client.get("/livez", headers={"X-Request-ID": "order-42.retry"})
    replaced = await client.get("/livez", headers={"X-Request-ID": "a b\tc"})
    assert kept.headers["x-request-id"] == "order-42.retry"
    assert len(replaced.headers["x-request-id"]) == 32


@pytest.mark.parametrize("value", [b"\xff", b"00-zz-zz-01", b"00-" + b"0" * 32 + b"-1-01", b""])
async def test_malformed_traceparent_is_ignored(client: httpx2.AsyncClient, value: bytes) -> None:
    """A broken trace header starts a new trace."""
    assert (await client.get("/livez", headers=[(b"traceparent", value)])).status_code == 200


async def test_lines_carry_the_identifiers(client: httpx2.AsyncClient, written: list[Any]) -> None:
    """The access line names the request and the caller's trace."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    await client.get("/livez", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    (line,) = list(written)
    assert (line["trace_id"], len(line["request_id"])) == (trace, 32)


# which route it was


async def test_route_is_the_whole_template(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], lines: Lines
) -> None:
    """Nested prefixes, mounts and shared functions are all told apart."""

    async def show() -> None:
        return None

    inner = APIRouter(prefix="/things")
    inner.get("/{thing_id}")(show)
    outer = APIRouter(prefix="/v1")
    outer.include_router(inner, prefix="/{tenant}")
    app.include_router(outer)
    app.get("/again/{thing_id}", operation_id="again")(show)
    mounted = FastAPI()
    mounted.include_router(inner)
    app.mount("/sub/{tenant}", mounted)

    async def plain(_request: Request) -> Response:
        return Response()

    app.add_route("/plain/{x:path}", plain)
    paths = ["/v1/a/things/1", "/again/1", "/sub/a/things/1", "/sub/a/other", "/plain/a/b", "/nope"]
    for path in paths:
        await client.get(path, headers=caller)
    assert [line[0] for line in lines()] == [
        "/v1/{tenant}/things/{thing_id}",
        "/again/{thing_id}",
        "/sub/{tenant}/things/{thing_id}",
        "/sub/{tenant}/{path}",
        "/plain/{x}",
        "unmatched",
    ]

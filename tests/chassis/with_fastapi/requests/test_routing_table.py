"""The routing table answers as FastAPI would, and sooner."""

from collections.abc import AsyncIterator
from inspect import signature
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Request, routing
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.fastapi.security.permissions import Guarded, public, requires
from with_fastapi.conftest import MakeApp, MakeCaller, client_of

READ = [Depends(requires("things:read"))]
WRITE = [Depends(requires("things:write"))]


class Thing(BaseModel):
    """A body."""

    name: str


def names(router: APIRouter) -> None:
    """Add a literal path before and after one with a parameter that it would match as well."""

    @router.get("/first", dependencies=READ)
    async def first() -> str:
        return "first"

    @router.get("/{thing_id}", dependencies=READ)
    async def one(thing_id: int, request: Request) -> dict[str, Any]:
        scope = request.scope
        return {"id": thing_id, "route": scope["route"].name, "path": scope["path_params"]}

    @router.get("/second", dependencies=READ)
    async def second() -> str:
        return "second"


def contents(router: APIRouter) -> None:
    """Add routes that take or give more than JSON."""

    @router.put("/{thing_id}", dependencies=WRITE, status_code=202)
    async def replace(thing_id: int, thing: Thing) -> Thing:
        return Thing(name=f"{thing_id} {thing.name}")

    @router.post("/form", dependencies=READ)
    async def form(name: Annotated[str, Form()]) -> str:
        return name

    @router.get("/stream/events", dependencies=READ, response_class=EventSourceResponse)
    async def events() -> AsyncIterator[Thing]:
        yield Thing(name="event")

    @router.get("/stream/lines", dependencies=READ)
    async def lines() -> AsyncIterator[Thing]:
        yield Thing(name="line")

    @router.get("/files/{path:path}", dependencies=READ)
    async def file(path: str) -> Response:
        return PlainTextResponse(path)


def routes(app: FastAPI) -> FastAPI:
    """Give ``app`` routers in routers, a mount in front of one of them, and a public route."""
    things = APIRouter(prefix="/things")
    names(things)
    contents(things)
    outer = APIRouter()
    outer.include_router(things, prefix="/deep")
    app.mount("/v1/things/files/mounted", Guarded(PlainTextResponse("mounted"), "things:read"))
    app.include_router(things, prefix="/v1")
    app.include_router(outer, prefix="/v2")
    app.add_api_route("/hello", hello, dependencies=[Depends(public)])
    return app


async def hello() -> str:
    """Answer anybody."""
    return "hello"


BODY = {"name": "chair"}
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/v1/things/first", {}),
    ("GET", "/v1/things/7", {}),
    ("GET", "/v1/things/second", {}),  # the parameter comes first and takes no text
    ("GET", "/v2/deep/things/7", {}),
    ("GET", "/v1/things/seven", {}),
    ("GET", "/v1/things/7/more", {}),
    ("GET", "/v1/things/7\n", {}),
    ("HEAD", "/v1/things/7", {}),
    ("PUT", "/v1/things/7", {"json": BODY}),
    ("DELETE", "/v1/things/7", {}),
    ("BREW", "/v1/things/7", {}),
    ("POST", "/v1/things/form", {"data": {"name": "chair"}}),
    ("GET", "/v1/things/stream/events", {}),
    ("GET", "/v1/things/stream/lines", {}),
    ("GET", "/v1/things/files/a/b", {}),
    ("GET", "/v1/things/files/mounted/x", {}),
    ("GET", "/hello", {}),
    ("GET", "/nowhere", {}),
]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: " ".join(map(repr, asked[:2])))
@pytest.mark.parametrize("permissions", [("things:read", "things:write"), ("others:read",)])
async def test_answers_are_those_of_fastapi(
    make_app: MakeApp,
    make_caller: MakeCaller,
    asked: tuple[str, str, dict[str, Any]],
    permissions: tuple[str, ...],
) -> None:
    """Whatever is asked, and by whom, status, headers and body are the same with the table and
    without it."""
    method, path, sent = asked
    ours, plain = routes(make_app()), routes(make_app())
    plain.router.middleware_stack = plain.router.app
    caller = make_caller(*permissions)
    answers = []
    for app in (ours, plain):
        async with client_of(app) as client:
            answer = await client.request(method, path.replace("\n", "%0A"), headers=caller, **sent)
        headers = {k: v for k, v in answer.headers.items() if k != "x-request-id"}
        body = answer.text.replace(answer.headers["x-request-id"], "")
        answers.append((answer.status_code, headers, body))
    assert answers[0] == answers[1]


READ_OF_A_CONTEXT = (
    "app",
    "body_field",
    "dependencies",
    "is_json_stream",
    "is_sse_stream",
    "matches",
    "methods",
    "original_route",
    "path",
)


def test_the_installed_fastapi_has_every_name_that_the_table_reads() -> None:
    """A release of FastAPI that takes one away fails here, by that name; `_unmarked` would go on
    and lose what the route was declared with."""
    router = APIRouter()
    router.add_api_route("/hello", hello)
    assert hasattr(routing, "iter_route_contexts")
    (context,) = routing.iter_route_contexts(router.routes)
    parameters = signature(routing.APIRoute).parameters
    needed = {*READ_OF_A_CONTEXT, *parameters}
    assert [name for name in sorted(needed) if not hasattr(context, name)] == []
    assert router.middleware_stack == router.app


async def test_plain_operations_do_not_reach_the_router(
    make_app: MakeApp, caller: dict[str, str]
) -> None:
    """The table itself calls them; without this the comparison would compare FastAPI with
    itself."""
    app = routes(make_app())
    reached = await _passed_on(app, caller, "/v1/things/7", "/v1/things/first", "/hello")
    assert reached == []


async def test_a_refusal_comes_before_the_body_is_read(
    make_app: MakeApp, make_caller: MakeCaller
) -> None:
    """Who may not write learns that, and nobody reads what they send."""
    received: list[str] = []
    async with client_of(_noting_reads(routes(make_app()), received)) as client:
        refused = await client.put("/v1/things/7", headers=make_caller("things:read"), json=BODY)
        read_for_stranger = list(received)
        allowed = await client.put("/v1/things/7", headers=make_caller("things:write"), json=BODY)
    assert (refused.status_code, read_for_stranger) == (403, [])
    assert (allowed.status_code, received[0]) == (202, "http.request")


async def test_a_route_that_comes_later_is_served(
    make_app: MakeApp, make_caller: MakeCaller
) -> None:
    """The table does not know it; FastAPI does, with its permission."""
    app = routes(make_app())
    async with client_of(app) as client:
        await client.get("/hello")
        app.add_api_route("/late", hello, dependencies=READ)
        allowed = await client.get("/late", headers=make_caller("things:read"))
        refused = await client.get("/late", headers=make_caller("others:read"))
    assert (allowed.status_code, refused.status_code) == (200, 403)


def _noting_reads(app: FastAPI, seen: list[str]) -> ASGIApp:
    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        async def noted() -> Message:
            message = await receive()
            seen.append(message["type"])
            return message

        await app(scope, noted, send)

    return around


async def _passed_on(app: FastAPI, caller: dict[str, str], *paths: str) -> list[str]:
    reached: list[str] = []
    router = app.router.app

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        await router(scope, receive, send)

    app.router.middleware_stack._otherwise = noted  # type: ignore[attr-defined]
    async with client_of(app) as client:
        for path in paths:
            assert (await client.get(path, headers=caller)).status_code == 200
    return reached

"""Every error is a problem, and the contract says so."""

from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Body, Depends
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from chassis.fastapi.app import Application
from chassis.fastapi.data.fields import JsonObject, PlainText
from chassis.fastapi.requests.routes import RouteError, refuse_duplicates
from chassis.fastapi.security.permissions import requires
from chassis.openapi import declared
from chassis.problems import ProblemError

PROBLEM = "application/problem+json"
LARGE = 1_000_001


class Thing(BaseModel):
    """Something to send."""

    name: PlainText
    password: str = ""


@pytest.fixture
def app(app: Application) -> Application:
    """Give an application with a few ways to fail."""

    @app.get("/things/{thing_id}", dependencies=[Depends(requires("things:read"))])
    async def get_thing(thing_id: int) -> int:
        return thing_id

    @app.post("/things", responses=declared(409), dependencies=[Depends(requires("things:write"))])
    async def make_thing(thing: Thing) -> str:
        return thing.name

    @app.put("/things")
    async def replace_things(names: Annotated[list[str], Body()]) -> int:
        if not names:
            raise ProblemError(409, "empty", "There has to be one.", limit=3)
        return len(names)

    @app.patch("/things")
    async def teapot() -> None:
        raise HTTPException(418, "I am a teapot", headers={"X-Kind": "pot"})

    return app


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("DELETE", "/things", {}, 405),
        ("PUT", "/things", {"data": {"a": "b"}}, 415),
        ("PUT", "/things", {"content": b"[]", "headers": {"content-type": "text/plain"}}, 415),
        ("PUT", "/things", {"json": {}}, 422),
        ("PUT", "/things", {"content": b"{", "headers": {"content-type": "application/json"}}, 422),
        ("PUT", "/things", {}, 422),
        ("GET", "/things/x", {}, 422),
        ("POST", "/things", {"json": {"name": "a"}}, 403),
        ("PUT", "/things", {"json": []}, 409),
        ("PATCH", "/things", {}, 418),
        ("PUT", "/things", {"json": ["x" * LARGE]}, 413),
    ],
)
async def test_error_is_a_problem(
    client: httpx2.AsyncClient,
    caller: dict[str, str],
    *,
    method: str,
    path: str,
    sent: dict[str, Any],
    status: int,
) -> None:
    """Whoever refuses, the body is a problem that names the request."""
    headers = caller | sent.pop("headers", {})
    answer = await client.request(method, path, headers=headers, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    body = answer.json()
    assert (body["status"], body["instance"]) == (status, path)
    assert body["request_id"] == answer.headers["x-request-id"]


async def test_too_large_without_a_length_is_a_problem(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """A body that does not say how long it is, is counted."""

    async def chunks() -> Any:
        for _ in range(11):
            yield b" " * 100_000

    headers = caller | {"content-type": "application/json"}
    answer = await client.put("/things", content=chunks(), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


async def test_405_names_every_method(client: httpx2.AsyncClient, caller: dict[str, str]) -> None:
    """`Allow` lists the methods of all routes on the path."""
    answer = await client.delete("/things", headers=caller)
    assert answer.headers["allow"] == "PATCH, POST, PUT"


async def test_extensions_and_headers_arrive(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """A problem's further members and a refusal's headers are kept."""
    assert (await client.put("/things", json=[], headers=caller)).json()["limit"] == 3
    assert (await client.patch("/things", headers=caller)).headers["x-kind"] == "pot"


async def test_invalid_input_is_pointed_at_and_never_repeated(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """The errors name the place; what was sent may be a secret."""

    @app.post("/login")
    async def login(thing: Thing) -> None:
        return None

    sent = {"name": "a\x00", "password": ["hunter2"]}
    answer = await client.post("/login", json=sent, headers=caller)
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "/body/name",
        "/body/password",
    ]
    assert "hunter2" not in answer.text


def test_contract_promises_what_happens(app: Application) -> None:
    """Each operation lists the refusals that it can meet, and FastAPI's own error is gone."""
    contract = app.openapi()
    reading = contract["paths"]["/things/{thing_id}"]["get"]["responses"]
    making = contract["paths"]["/things"]["post"]["responses"]
    assert set(reading) == {"200", "401", "403", "404", "422", "default"}
    assert set(making) == {"200", "401", "403", "409", "413", "415", "422", "default"}
    for status, response in (reading | making).items():
        if status != "200":
            assert list(response["content"]) == [PROBLEM]
    assert "HTTPValidationError" not in contract["components"]["schemas"]
    assert contract["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_two_operations_may_not_share_an_id(app: Application) -> None:
    """Generated clients need a name for each operation."""

    @app.get("/other", name="get_thing")
    async def other() -> None:
        return None

    with pytest.raises(RouteError, match="2 routes are called get_thing"):
        refuse_duplicates(app)


DEEP = 400_000


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"a": ' + "[" * 31 + "]" * 31 + "}", 200),
        ('{"a": ' + "[" * 32 + "]" * 32 + "}", 422),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", 422),
        ('{"a": ' + "[" * DEEP + "]" * DEEP + "}", 400),
        ("[" * DEEP, 400),
        ('{"a": "\\u0000"}', 422),
        ('{"\\u0000": 1}', 422),
        ('{"a": ["\\ud800"]}', 422),
        ('{"a": NaN}', 422),
        ('{"a": 1e999}', 422),
        ('{"a": ' + "1" * 5000 + "}", 400),
        ('{"a": "é\U0001f600"}', 200),
    ],
)
async def test_free_json_is_bounded(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], text: str, status: int
) -> None:
    """Nesting that would crash a reader, and what PostgreSQL cannot keep, is refused."""

    @app.post("/free")
    async def free(body: Annotated[JsonObject, Body()]) -> dict[str, Any]:
        return body

    headers = caller | {"content-type": "application/json"}
    answer = await client.post("/free", content=text.encode(), headers=headers)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == PROBLEM

"""Writes that are sent twice with the same key."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import psycopg
import pytest
from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import text

from chassis import idempotency, schema
from chassis.auth import Principal
from chassis.fastapi.app import Application
from chassis.fastapi.data.db import Database, Session
from chassis.fastapi.requests.idempotency import IdempotentRoute
from chassis.fastapi.requests.routes import RouteError
from chassis.fastapi.security.permissions import requires
from chassis.problems import ProblemError
from with_fastapi.conftest import client_of

KEY = {"Idempotency-Key": "a-key"}
Reader = Annotated[Principal, Depends(requires("things:read"))]
Writer = Annotated[Principal, Depends(requires("things:write"))]


things = APIRouter(prefix="/things", route_class=IdempotentRoute)


@things.post("", status_code=201)
async def add(value: int, session: Session, _caller: Reader, response: Response) -> dict[str, Any]:
    await session.execute(text("INSERT INTO thing VALUES (:value)"), {"value": value})
    response.headers["Location"] = f"/v1/things/{value}"
    return {"z": value, "a": "é"}


@things.post("/forbidden")
async def forbidden(_caller: Writer) -> None:
    return None


@things.post("/slow")
async def slow(session: Session, _caller: Reader) -> None:
    await session.execute(text("SELECT pg_sleep(1)"))


@things.post("/secret")
async def secret(session: Session, _caller: Reader, response: Response) -> str:
    await session.execute(text("INSERT INTO thing VALUES (7)"))
    response.headers["Cache-Control"] = "no-store"
    return "hunter2"


@things.post("/large")
async def large(_caller: Reader) -> str:
    return "x" * idempotency.LARGEST_BODY


@things.post("/stream")
async def stream(_caller: Reader) -> StreamingResponse:
    return StreamingResponse(iter(["a"]))


@things.post("/refused")
async def refused(session: Session, _caller: Reader) -> None:
    await session.execute(text("INSERT INTO thing VALUES (8)"))
    raise ProblemError(409, None, "Not now.")


@things.patch("/{thing_id}")
async def change(thing_id: int, _caller: Reader) -> JSONResponse:
    return JSONResponse({"id": thing_id}, headers={"ETag": '"1"'})


@things.get("")
async def listed(_caller: Reader) -> list[int]:
    return []


@pytest.fixture
async def app(make_app: Any, database: str) -> AsyncIterator[Application]:
    """Give an application with a few writes, on a database with the platform's schema."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
        connection.execute("CREATE TABLE thing (value int)")
    made: Application = make_app(database_url=database)
    made.include_router(things, prefix="/v1")
    yield made
    await made.platform.database.dispose()


def stored(database: str, query: str = "SELECT value FROM thing ORDER BY value") -> list[Any]:
    """Return the first column of what is really there."""
    with psycopg.connect(database) as connection:
        return [row[0] for row in connection.execute(query.encode())]


async def test_retry_gets_the_same_answer_and_does_nothing_again(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """The status, the bytes and the headers that matter come again, marked as replayed."""
    first, again = [await client.post("/v1/things?value=2", headers=caller | KEY) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content == '{"z":2,"a":"é"}'.encode()
    for name in ("content-type", "location"):
        assert first.headers[name] == again.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert stored(database) == [2]


async def test_without_a_key_every_request_counts(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """The header is a choice of the caller."""
    for _ in range(2):
        assert (await client.post("/v1/things?value=2", headers=caller)).status_code == 201
    assert stored(database) == [2, 2]
    assert stored(database, "SELECT 1 FROM platform.idempotency") == []


async def test_key_belongs_to_one_request(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """Another query or path under the same key is refused; another route has keys of its own."""
    await client.post("/v1/things?value=2", headers=caller | KEY)
    other = await client.post("/v1/things?value=3", headers=caller | KEY)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert (await client.patch("/v1/things/1", headers=caller | KEY)).json() == {"id": 1}
    again = await client.patch("/v1/things/1", headers=caller | KEY)
    assert (again.json(), again.headers["etag"]) == ({"id": 1}, '"1"')
    assert (await client.patch("/v1/things/2", headers=caller | KEY)).status_code == 422
    assert stored(database) == [2]


async def test_key_belongs_to_one_caller(
    app: Application, client: httpx2.AsyncClient, make_caller: Any, database: str
) -> None:
    """Somebody else's key, of the same tenant or another, opens nothing of mine."""
    callers = [make_caller(subject=name) for name in ("ada", "grace")]
    callers.append(make_caller(tenant="00000000-0000-4000-8000-000000000002"))
    for header in callers:
        answer = await client.post("/v1/things?value=2", headers=header | KEY)
        assert "idempotency-replayed" not in answer.headers
    assert stored(database) == [2, 2, 2]


async def test_replay_needs_the_permission_of_now(
    client: httpx2.AsyncClient, make_caller: Any
) -> None:
    """A caller who lost the permission gets no old answer."""
    able, unable = make_caller("things:write"), make_caller("things:read")
    assert (await client.post("/v1/things/forbidden", headers=able | KEY)).status_code == 200
    assert (await client.post("/v1/things/forbidden", headers=unable | KEY)).status_code == 403


async def test_duplicate_in_flight_is_refused_at_once_and_starves_nobody(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """More retries of a slow request than the pool has connections leave room for others."""
    retries = [
        asyncio.create_task(client.post("/v1/things/slow", headers=caller | KEY)) for _ in range(15)
    ]
    done, _ = await asyncio.wait(retries, return_when=asyncio.FIRST_COMPLETED)
    assert all(task.result().status_code == 409 for task in done)
    assert (await client.post("/v1/things?value=1", headers=caller)).status_code == 201
    answers = [await task for task in retries]
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 14
    (refused, *_) = [answer for answer in answers if answer.status_code == 409]
    assert refused.json()["type"] == "/problems/idempotency-in-progress"
    assert refused.headers["retry-after"] == "1"
    again = await client.post("/v1/things/slow", headers=caller | KEY)
    assert again.headers["idempotency-replayed"] == "true"


async def test_more_writes_than_connections_take_turns(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """A request never holds one connection and waits for another, so a full pool only queues."""
    made = app.platform.database
    app.platform.database = Database.at(database, pool_size=2)
    answers = await asyncio.gather(
        *(
            client.post(f"/v1/things?value={n}", headers=caller | {"Idempotency-Key": f"key-{n}"})
            for n in range(40)
        )
    )
    await app.platform.database.dispose()
    app.platform.database = made
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(stored(database)) == list(range(40))


async def test_two_processes_do_the_work_once(
    make_app: Any, caller: dict[str, str], database: str, app: Application
) -> None:
    """Requests that meet in two pools change one row; the others are told to come again."""
    second: Application = make_app(database_url=database)
    second.include_router(things, prefix="/v1")
    async with client_of(app) as here, client_of(second) as there:
        answers = await asyncio.gather(
            *(
                client.post("/v1/things?value=4", headers=caller | KEY)
                for client in [here, there] * 5
            )
        )
    await second.platform.database.dispose()
    assert stored(database) == [4]
    assert {answer.status_code for answer in answers} <= {201, 409}


@pytest.mark.parametrize("path", ["secret", "large", "stream"])
async def test_answer_that_may_not_be_kept_is_not_repeated_either(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str, path: str
) -> None:
    """The work is done once; a secret, a very large answer and a stream are never stored."""
    assert (await client.post(f"/v1/things/{path}", headers=caller | KEY)).status_code == 200
    again = await client.post(f"/v1/things/{path}", headers=caller | KEY)
    assert again.json()["type"] == "/problems/idempotency-answer-not-kept"
    assert stored(database, "SELECT body FROM platform.idempotency") == [None]
    assert stored(database) == ([7] if path == "secret" else [])


async def test_error_leaves_the_key_free(
    client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """Only what was committed is kept; a refused request may be sent again, also with a change."""
    for path in ("/v1/things/refused", "/v1/things/refused?changed=1"):
        assert (await client.post(path, headers=caller | KEY)).json()["detail"] == "Not now."
    assert stored(database, "SELECT 1 FROM platform.idempotency") == []


async def test_key_is_forgotten_after_a_day(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], database: str
) -> None:
    """An old outcome is neither replayed nor in the way, and the purge removes it."""
    await client.post("/v1/things?value=5", headers=caller | KEY)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE platform.idempotency SET created_at = now() - interval '25h'")
    await client.post("/v1/things?value=5", headers=caller | KEY)
    assert stored(database) == [5, 5]
    async with app.platform.database.driver() as driver:
        assert await idempotency.purge(driver) == 0
        await driver.execute("UPDATE platform.idempotency SET created_at = now() - interval '25h'")
        assert await idempotency.purge(driver) == 1


@pytest.mark.parametrize("sent", ["", "x" * 256, "a b", "é"])
async def test_unusable_key_is_a_problem(
    client: httpx2.AsyncClient, caller: dict[str, str], sent: str
) -> None:
    """Keys are visible ASCII of a bounded length."""
    headers = httpx2.Headers(caller)
    headers["Idempotency-Key"] = sent
    answer = await client.post("/v1/things?value=1", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (
        422,
        "application/problem+json",
    )


def test_contract_declares_the_header_on_writes_alone(app: Application) -> None:
    """Writes take the header and may answer 409 and 422; the endpoint's own name is kept."""
    paths = app.openapi()["paths"]
    operation = paths["/v1/things"]["post"]
    assert [item["name"] for item in operation["parameters"] if item["in"] == "header"] == [
        "Idempotency-Key"
    ]
    assert {"409", "422"} <= set(operation["responses"])
    assert operation["operationId"] == "add"
    assert "parameters" not in paths["/v1/things"]["get"]


def test_blocking_and_form_endpoints_are_refused() -> None:
    """What cannot be made idempotent says so when it is declared."""
    made = APIRouter(route_class=IdempotentRoute)

    def blocks() -> None:
        return None

    async def form(name: Annotated[str, Form()]) -> None:
        return None

    with pytest.raises(RouteError, match="/a has an endpoint that blocks"):
        made.post("/a")(blocks)
    with pytest.raises(RouteError, match="/b takes a form"):
        made.post("/b")(form)

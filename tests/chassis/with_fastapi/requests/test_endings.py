"""How a request ends: what the client sees, what the line says, who is blamed."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from typing import Any

import httpx2
import pytest
from fastapi import BackgroundTasks, Request
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.fastapi.app import Application

type Lines = Callable[[], list[tuple[Any, ...]]]
type Message = MutableMapping[str, Any]

PROBLEM = "application/problem+json"
REQUEST: Message = {"type": "http.request", "body": b"", "more_body": False}
GONE: Message = {"type": "http.disconnect"}


async def drive(
    app: ASGIApp,
    headers: dict[str, str],
    path: str,
    *incoming: Message,
    peer: str | None = "127.0.0.1",
    raw: Sequence[tuple[bytes, bytes]] = (),
) -> list[Message]:
    """Send ``incoming`` to ``app`` as a server would and return what it sent.

    ``raw`` headers may be anything, ``peer`` is the address of whoever connected.
    """
    sent: list[Message] = []
    pending = list(incoming)

    async def receive() -> Message:
        if not pending:
            await asyncio.Event().wait()
        return pending.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [*((k.lower().encode(), v.encode()) for k, v in headers.items()), *raw],
            "client": (peer, 1) if peer else None,
            "server": ("test", 80),
        },
        receive,
        send,
    )
    return sent


async def test_crash_is_a_problem_and_logged_once(
    app: Application,
    client: httpx2.AsyncClient,
    caller: dict[str, str],
    written: list[Any],
    lines: Lines,
) -> None:
    """A crash answers 500 without its cause; the log has the cause and the line the status."""

    @app.get("/things")
    async def crash() -> None:
        raise RuntimeError("the password is hunter2")

    answer = await client.get("/things", headers=caller)
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "hunter2" not in answer.text
    assert [event["event"] for event in written] == ["request failed", "request"]
    assert written[0]["exception"].endswith("RuntimeError: the password is hunter2")
    assert lines() == [("/things", 500, "complete")]


async def test_crash_of_a_teams_middleware_is_a_problem_too(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], lines: Lines
) -> None:
    """The layer lies outside every middleware that is added."""

    class Broken:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("broken")

    app.add_middleware(Broken)
    assert (await client.get("/things", headers=caller)).headers["content-type"] == PROBLEM
    assert lines() == [("unmatched", 500, "complete")]


async def test_stream_that_breaks_breaks_its_connection(
    app: Application, caller: dict[str, str], lines: Lines
) -> None:
    """After the start the status stays, the line says that it failed, the server is told."""

    async def body() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("broken")

    app.get("/stream")(lambda: StreamingResponse(body()))
    with pytest.raises(RuntimeError, match="broken"):
        await drive(app, caller, "/stream", REQUEST)
    assert lines() == [("/stream", 200, "failed_after_start")]


async def test_client_that_leaves_a_stream_aborts_it(
    app: Application, caller: dict[str, str], written: list[Any], lines: Lines
) -> None:
    """A closed connection is neither a success nor an error of ours."""

    async def body() -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0.01)

    app.get("/stream")(lambda: StreamingResponse(body()))
    await drive(app, caller, "/stream", REQUEST, GONE)
    assert lines() == [("/stream", 200, "aborted")]
    assert [event["event"] for event in written] == ["request"]


async def test_client_that_leaves_while_sending_aborts(
    app: Application, caller: dict[str, str], lines: Lines
) -> None:
    """Half a body is 499, and nothing of it is answered or blamed."""

    @app.get("/body")
    async def read(request: Request) -> int:
        return len(await request.body())

    half: Message = {"type": "http.request", "body": b"half", "more_body": True}
    assert await drive(app, caller, "/body", half, GONE) == []
    assert lines() == [("/body", 499, "aborted")]


async def test_client_that_leaves_before_a_slow_answer_aborts(
    app: Application, caller: dict[str, str], lines: Lines
) -> None:
    """Somebody who stopped waiting was not served, although the server swallows the answer."""

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(0.12)

    await drive(app, caller, "/slow", REQUEST, GONE)
    assert lines() == [("/slow", 499, "aborted")]


async def test_cancelled_request_leaves_its_line(
    app: Application, caller: dict[str, str], lines: Lines
) -> None:
    """A server that cancels the work of a lost client does not lose the line."""

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(10)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await drive(app, caller, "/slow", REQUEST)
    assert lines() == [("/slow", 499, "aborted")]


async def test_background_work_is_not_request_time(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], written: list[Any]
) -> None:
    """The clock stops with the response; what fails afterwards is written under the same id."""

    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> None:
        async def work() -> None:
            await asyncio.sleep(0.2)
            raise RuntimeError("too late")

        tasks.add_task(work)

    assert (await client.get("/later", headers=caller)).status_code == 200
    line, failure, work = written
    assert (line["status"], line["outcome"]) == (200, "complete")
    assert line["duration_ms"] < 150
    assert (failure["event"], failure["request_id"]) == (
        "background work failed",
        line["request_id"],
    )
    assert (work["event"], work["route"]) == ("background work", "/later")
    assert work["duration_ms"] >= 200


async def test_application_without_an_answer_is_a_crash(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """Silence is 500."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        return

    app.mount("/silent", silent)
    assert (await client.get("/silent/x", headers=caller)).status_code == 500

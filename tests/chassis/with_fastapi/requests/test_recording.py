"""What is recorded of a request, by the build that is measured: lines as production writes them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import Depends, Request, WebSocket
from prometheus_client import REGISTRY
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.testclient import TestClient

from chassis import telemetry
from chassis.environment import Environment
from chassis.fastapi.app import Application
from chassis.fastapi.security.permissions import requires
from chassis.telemetry import metrics
from chassis.telemetry.metrics import Metrics
from with_fastapi.conftest import MakeApp, Written

from .test_endings import GONE, REQUEST, drive

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metrics]:
    """Give metrics that are on, and have counted nothing."""
    collectors = set(REGISTRY._names_to_collectors.values())
    registered = [item for item in collectors if "http_server" in str(item)]
    for collector in registered:
        REGISTRY.unregister(collector)
    made = Metrics()
    monkeypatch.setattr(metrics, "active", made)
    yield made
    # the conformance rule registers this histogram once a process
    REGISTRY.unregister(made._histogram)
    for collector in registered:
        REGISTRY.register(collector)


def counted() -> dict[tuple[str, str, str], float]:
    """Give how many requests the histogram has, by method, route and status."""
    return {
        (
            sample.labels["http_request_method"],
            sample.labels["http_route"],
            sample.labels["http_response_status_code"],
        ): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == "http_server_request_duration_seconds_count"
    }


# sizes and times


async def test_line_says_all_about_a_request(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], written: Written
) -> None:
    """Status, bytes of both bodies, outcome, time to the first byte and total."""

    @app.post("/things")
    async def make(request: Request) -> Response:
        return Response(await request.body() * 2, 201)

    await client.post("/things", content=b"12345", headers=caller)
    (line,) = written.requests()
    durations = line.pop("ttfb_ms"), line.pop("duration_ms")
    assert 0 <= durations[0] <= durations[1]
    assert len(line.pop("request_id")) == len(line.pop("trace_id")) == 32
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": "/things",
        "status": 201,
        "request_bytes": 5,
        "response_bytes": 10,
        "outcome": "complete",
        "service": "orders",
        "version": "1.2.3",
    }


async def test_first_byte_and_total_are_apart(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], written: Written
) -> None:
    """A stream begins early and ends late; its size is that of all its pieces."""

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(0.2)
        yield b"last"

    app.get("/stream")(lambda: StreamingResponse(body()))
    await client.get("/stream", headers=caller)
    (line,) = written.requests()
    assert line["duration_ms"] - line["ttfb_ms"] >= 200
    assert line["response_bytes"] == 9


async def test_file_that_the_server_sends_is_measured(
    app: Application, caller: dict[str, str], written: Written, tmp_path: Any
) -> None:
    """Where the server sends a file itself, its size is what the response declared."""
    (tmp_path / "file").write_bytes(b"x" * 1234)

    async def send_file(request: Request) -> Response:
        request.scope["extensions"] = {"http.response.pathsend": {}}
        return FileResponse(tmp_path / "file")

    app.add_route("/file", send_file)
    await drive(app, caller, "/file", REQUEST)
    assert [(line["response_bytes"], line["outcome"]) for line in written.requests()] == [
        (1234, "complete")
    ]


# refusals


async def test_refusals_are_problems_with_a_line(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], written: Written
) -> None:
    """401 and 403 are answered as problems and recorded like any other request."""
    app.get("/mine", dependencies=[Depends(requires("things:steal"))])(lambda: None)
    answers = [await client.get("/mine"), await client.get("/mine", headers=caller)]
    assert [answer.status_code for answer in answers] == [401, 403]
    for answer, line in zip(answers, written.requests(), strict=True):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"] == line["request_id"]
        assert line["status"] == answer.status_code
        assert line["response_bytes"] == len(answer.content)


@pytest.mark.parametrize(
    "name", [b"authorization", b"traceparent", b"x-request-id", b"content-length"]
)
@pytest.mark.parametrize(
    "values",
    [
        [b"\xff"],
        [b""],
        [b"\x00\x85\xff" * 50],
        [b"a" * 10_000],
        [b"1", b"2"],
        [PARENT.encode()] * 2,
    ],
)
async def test_no_header_breaks_the_layer(
    app: Application, caller: dict[str, str], written: Written, name: bytes, values: list[bytes]
) -> None:
    """Malformed, empty, huge or repeated: the answer is one of ours, with one line."""
    app.get("/things")(lambda: "here")
    headers = [(b"authorization", caller["Authorization"].encode())]
    if name == b"authorization":
        headers = []
    sent = await drive(app, {}, "/things", REQUEST, raw=[*headers, *((name, v) for v in values)])
    assert sent[0]["status"] == (401 if name == b"authorization" else 200)
    assert len(written.requests()) == 1


# identifiers and trust


@pytest.mark.parametrize(
    ("trusted", "peer", "believed"),
    [
        ([], "127.0.0.1", False),
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", True),
        (["10.0.0.0/8"], "192.0.2.1", False),
        (["fd00::/8"], "fd00::1", True),
        (["10.0.0.0/8"], None, False),
        (["10.0.0.0/8"], "unix:", False),
    ],
)
async def test_only_trusted_proxies_name_a_request(
    make_app: MakeApp, written: Written, trusted: list[str], peer: str | None, believed: bool
) -> None:
    """A stranger's request id and trace are not taken over; what it sent stays findable."""
    app = make_app(environment=Environment.PRODUCTION, extra_settings={"trusted_proxies": trusted})
    headers = {"X-Request-ID": "order-42", "traceparent": PARENT}
    sent = await drive(app, headers, "/livez", REQUEST, peer=peer)
    (line,) = written.requests()
    assert (line["request_id"] == "order-42") is believed
    assert (line["trace_id"] == TRACE) is believed
    assert line.get("caller_trace_id") == (None if believed else TRACE)
    assert (b"x-request-id", line["request_id"].encode()) in sent[0]["headers"]


async def test_identifiers_are_on_the_lines_of_a_team(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], written: Written
) -> None:
    """What an endpoint logs, in a thread too, belongs to its request; what it calls is told."""
    carried: list[dict[str, str]] = []

    @app.get("/things")
    def work() -> None:
        structlog.get_logger().info("working")
        carried.append(telemetry.carried())

    await client.get("/things", headers=caller)
    own, line = written
    assert own["event"] == "working"
    assert own["request_id"] == line["request_id"] == carried[0]["x-request-id"]
    assert own["trace_id"] == line["trace_id"] == carried[0]["traceparent"].split("-")[1]
    assert telemetry.carried() == {}


async def test_requests_at_the_same_time_stay_apart(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], written: Written
) -> None:
    """Every line of a request has its own identifiers, however many there are at once."""

    @app.get("/things")
    async def work(name: str) -> None:
        await asyncio.sleep(0.01)
        structlog.get_logger().info("working", name=name)

    await asyncio.gather(*(client.get(f"/things?name={n}", headers=caller) for n in range(20)))
    ids = [line["request_id"] for line in written if line["event"] == "working"]
    assert sorted(ids) == sorted(line["request_id"] for line in written.requests())
    assert len(set(ids)) == 20


# routes, methods and the histogram


async def test_unknown_method_is_other(
    app: Application, client: httpx2.AsyncClient, observed: Metrics, written: Written
) -> None:
    """A method of somebody's own invention makes no label of its own."""
    for method in ("BREW", "PROPFIND", "PATCH"):
        await client.request(method, "/livez")
    assert [line["method"] for line in written.requests()] == ["_OTHER", "_OTHER", "PATCH"]
    assert {key[0] for key in counted()} == {"_OTHER", "PATCH"}


async def test_requests_are_counted_by_template(
    app: Application, client: httpx2.AsyncClient, caller: dict[str, str], observed: Metrics
) -> None:
    """The histogram has the conventions' labels; unmatched paths share one."""
    app.get("/things/{thing_id}")(lambda thing_id: thing_id)
    for path in ("/things/1", "/things/2", "/nope/1", "/nope/2"):
        await client.get(path, headers=caller)
    await client.get("/things/3")
    assert counted() == {
        ("GET", "/things/{thing_id}", "200"): 2,
        ("GET", "unmatched", "404"): 2,
        ("GET", "unmatched", "401"): 1,
    }


def test_streams_stay_out_of_the_histogram(
    app: Application, caller: dict[str, str], observed: Metrics, written: Written
) -> None:
    """Server-sent events and websockets last as long as their reader likes; their lines say so,
    with what went each way."""

    async def body() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"

    @app.websocket("/ws")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text() * 2)

    app.get("/events")(lambda: StreamingResponse(body(), media_type="text/event-stream"))
    client = TestClient(app)
    client.get("/events", headers=caller)
    with client.websocket_connect("/ws", headers=caller) as connection:
        connection.send_text("hé")
        connection.receive_text()
    assert counted() == {}
    kinds = [
        (line["kind"], line["request_bytes"], line["response_bytes"]) for line in written.requests()
    ]
    assert kinds == [("sse", 0, 9), ("websocket", 3, 6)]


async def test_client_that_leaves_events_aborts_them(
    app: Application, caller: dict[str, str], observed: Metrics, written: Written
) -> None:
    """The usual end of a stream of events is its reader's, and no server error."""

    async def body() -> AsyncIterator[bytes]:
        while True:
            yield b"data: 1\n\n"
            await asyncio.sleep(0.01)

    app.get("/events")(lambda: StreamingResponse(body(), media_type="text/event-stream"))
    await drive(app, caller, "/events", REQUEST, GONE)
    assert [(line["status"], line["outcome"]) for line in written.requests()] == [(200, "aborted")]
    assert counted() == {}

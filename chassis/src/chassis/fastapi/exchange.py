"""One request and its response: what was sent so far and how it ended."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from time import perf_counter

import structlog
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from chassis.fastapi.problems import respond
from chassis.fastapi.routes import Templates
from chassis.problems import MEDIA_TYPE, ProblemError
from chassis.telemetry.requests import Kind, Outcome, Recording

CLIENT_CLOSED = 499  # nginx's number: nobody was there for an answer
_SLOW_SECONDS = 0.1
_GLANCE_SECONDS = 0.001
_DENIAL = "websocket.http.response"
_PROBLEM = MEDIA_TYPE.encode()
_TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value
LARGEST_BODY = 1_000_000
"""Bytes of a request's body; a route that takes more, or less, says so: ``max_body_size=``.

FastAPI's own limit for a whole application costs some 10 µs for each router above a route."""

_LIMIT = MAX_BODY_SIZE_SCOPE_KEY  # there is a limit of the route's own
_WHY = "The body is larger than this service accepts."
_BACKGROUND_SECONDS = 0.1  # less is the machine, not work
_KEPT = (b"access-control-", b"vary")
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NO_SNIFFING = ((b"x-content-type-options", b"nosniff"),)
_STRICT = (*_NO_SNIFFING, _POLICY)


class Exchange:
    """Stands between the server and the application, and lets one access line be written.

    The clock stops at the last byte of the response: background work comes after it.
    """

    __slots__ = (
        "_disconnected",
        "_ended",
        "_finished",
        "_first_byte",
        "_headers",
        "_id_header",
        "_kind",
        "_receive",
        "_received",
        "_recording",
        "_replaced",
        "_scope",
        "_send",
        "_sent",
        "_since",
        "_status",
        "_streamed",
        "_templates",
        "_unread",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        templates: Templates,
        recording: Recording,
    ) -> None:
        """Start the clock."""
        self._scope = scope
        self._receive = receive
        self._send = send
        self._templates = templates
        self._recording = recording
        self._since = perf_counter()
        self._ended = 0.0
        self._first_byte: float | None = None
        self._headers: Iterable[tuple[bytes, bytes]] = ()
        self._status: int | None = None
        self._kind: Kind | None = "websocket" if scope["type"] == "websocket" else None
        self._received = 0
        self._sent = 0
        self._finished = False
        self._disconnected = False
        self._replaced = False
        self._streamed = False
        self._unread = _has_body(scope)
        self._id_header = (b"x-request-id", recording.context.request_id.encode())

    @property
    def started(self) -> bool:
        """Whether the client has seen a status (or an accepted websocket)."""
        return self._status is not None

    async def receive(self) -> Message:
        """Pass on what the client sends, count it, and notice when it goes away."""
        message = await self._receive()
        kind = message["type"]
        if kind == "http.request":
            self._unread = message.get("more_body", False)
            self._received += len(message.get("body", b""))
            if self._received > LARGEST_BODY and _LIMIT not in self._scope:
                raise HTTPException(_TOO_LARGE, _WHY)
        elif kind == "http.disconnect":
            self._disconnected = True
        elif kind == "websocket.receive":
            self._received += _size(message)
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the application answers, with the request id on it."""
        if self._replaced:
            return
        match message["type"]:
            case "http.response.start":
                await self._start(message)
            case "http.response.body":
                await self._body(message)
            case "http.response.pathsend":
                self._sent = int(_header(self._headers, b"content-length") or 0)
                await self._last(message)
            case _ if self._scope["type"] == "websocket":
                await self._talk(message)
            case _:
                await self._deliver(message)

    async def _start(self, message: Message) -> None:
        headers = self._headers = message.get("headers", ())
        kind = _header(headers, b"content-type")
        if message["status"] == _TOO_LARGE and kind != _PROBLEM:
            kept = {k.decode(): v.decode("latin-1") for k, v in headers if k.startswith(_KEPT)}
            await self.answer(ProblemError(_TOO_LARGE, None, _WHY, headers=kept), self.send)
            self._replaced = True
            return
        self._status = message["status"]
        if kind is not None and kind.startswith(b"text/event-stream"):
            self._kind = "sse"
        await self._deliver({**message, "headers": [*headers, self._id_header, *_secure(headers)]})

    async def _body(self, message: Message) -> None:
        self._sent += len(message.get("body", b""))
        if message.get("more_body", False):
            self._streamed = True
            self._mark_first_byte()
            await self._deliver(message)
            return
        if not self._streamed and not self._unread:
            await self._watch()
        await self._last(message)

    async def _last(self, message: Message) -> None:
        self._mark_first_byte()
        await self._deliver(message)
        self.finish("aborted" if self._disconnected else "complete")

    async def _talk(self, message: Message) -> None:
        """Pass on a message of a websocket, or of the response that refuses one."""
        kind = message["type"]
        if kind == "websocket.send":
            self._sent += _size(message)
        elif kind == "websocket.accept":
            self._status = HTTPStatus.SWITCHING_PROTOCOLS.value
            self._mark_first_byte()
            message = {**message, "headers": [*message.get("headers", ()), self._id_header]}
        elif kind == f"{_DENIAL}.start":
            self._status = int(message["status"])
            message = {**message, "headers": [*message.get("headers", ()), self._id_header]}
        elif kind == f"{_DENIAL}.body":
            await self._body(message)
            return
        elif kind == "websocket.close":
            if not self.started:
                self._status = HTTPStatus.FORBIDDEN.value
            await self._last(message)
            return
        await self._deliver(message)

    async def _watch(self) -> None:
        """See whether the client left while a slow answer was made: only reading tells.

        Not for a stream, which does its own reading, nor while the application still may.
        """
        if perf_counter() - self._since < _SLOW_SECONDS:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE_SECONDS):
                # an empty body that nobody asked for, and after it nothing else can come
                for _ in range(2):
                    await self.receive()
        if self._disconnected:
            self._status = CLIENT_CLOSED

    def _mark_first_byte(self) -> None:
        if self._first_byte is None:
            self._first_byte = perf_counter() - self._since

    async def _deliver(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:  # how a server reports a closed connection (ASGI 2.4)
            self._disconnected = True
            raise

    async def answer(self, error: ProblemError, send: Send) -> None:
        """Answer with a problem; a websocket whose server cannot do that is closed instead.

        ``send`` leads back here, past what stands between (CORS headers).
        """
        if self.started:
            raise RuntimeError(f"Too late for a response of {error.status}.") from error
        if self._scope["type"] == "websocket" and _DENIAL not in self._scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
        else:
            await respond(error, self._scope)(self._scope, self.receive, send)

    def require_response(self) -> None:
        """Raise RuntimeError if the application returned without an answer for somebody."""
        if self._status is None and not self._disconnected:
            raise RuntimeError("The application returned without a response.")

    def client_went_away(self, error: Exception) -> bool:
        """Say whether ``error`` is nobody's fault: the client has closed its connection."""
        noticed = self._disconnected and isinstance(error, OSError)
        left = isinstance(error, ClientDisconnect | WebSocketDisconnect)
        return not self._finished and (noticed or left)

    def note_background(self) -> None:
        """Write a line of its own about work that went on after the response."""
        seconds = perf_counter() - self._ended
        if self._finished and seconds >= _BACKGROUND_SECONDS:
            structlog.get_logger().info(
                "background work",
                route=self._templates.of(self._scope),
                duration_ms=round(seconds * 1000, 2),
            )

    def blame(self) -> str:
        """Name what crashed, for the log."""
        if self._finished:
            return "background work failed"
        return "response failed after its start" if self.started else "request failed"

    def finish(self, outcome: Outcome) -> bool:
        """Write the access line; only the first call counts, and only it returns True."""
        if self._finished:
            return False
        self._finished = True
        gone = outcome == "aborted" and self._status is None
        if self._kind == "websocket" and self.started and outcome == "aborted":
            outcome = "complete"  # either side ends a conversation when it likes
        self._ended = perf_counter()
        self._recording.finish(
            method=self._scope.get("method", "GET"),  # a websocket begins with GET
            route=self._templates.of(self._scope),
            status=CLIENT_CLOSED if gone else self._status or 0,
            seconds=self._ended - self._since,
            first_byte_seconds=self._first_byte,
            received=self._received,
            sent=self._sent,
            outcome=outcome,
            scheme=self._scope.get("scheme", "http"),
            kind=self._kind,
        )
        return True


def _secure(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    """Return what keeps a browser from guessing a type or running what an answer contains; a page
    that brings a policy of its own keeps it."""
    return _NO_SNIFFING if _header(headers, _POLICY[0]) else _STRICT


def _has_body(scope: Scope) -> bool:
    return any(
        key == b"transfer-encoding" or (key == b"content-length" and value != b"0")
        for key, value in scope["headers"]
    )


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    for key, value in headers:
        if key == name:
            return value
    return None


def _size(message: Message) -> int:
    return len(message.get("bytes") or (message.get("text") or "").encode())

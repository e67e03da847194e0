"""One request and its response: the messages sent so far and the outcome."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from time import perf_counter

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from chassis.fastapi.problems import respond
from chassis.fastapi.requests.messages import has_body, header, size
from chassis.fastapi.requests.routes import Templates
from chassis.problems import ProblemError
from chassis.telemetry.requests import Kind, Outcome, Recording

CLIENT_CLOSED = 499  # nginx's number: the client closed the connection before the answer
_SLOW_SECONDS = 0.1
_GLANCE_SECONDS = 0.001
_DENIAL = "websocket.http.response"
_BACKGROUND_SECONDS = 0.1  # less is the machine, not work


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
        self._streamed = False
        self._unread = has_body(scope)
        self._id_header = (b"x-request-id", recording.context.request_id.encode())

    @property
    def started(self) -> bool:
        """Return whether the client has seen a status (or an accepted websocket)."""
        return self._status is not None

    async def receive(self) -> Message:
        """Return the next message of the client; count its bytes and notice a disconnect."""
        message = await self._receive()
        kind = message["type"]
        if kind == "http.request":
            self._unread = message.get("more_body", False)
            self._received += len(message.get("body", b""))
        elif kind == "http.disconnect":
            self._disconnected = True
        elif kind == "websocket.receive":
            self._received += size(message)
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the application; the start of a response gets the request id."""
        kind = message["type"]
        last = False
        if kind == "http.response.start":
            message = self._begin(message)
        elif kind == "http.response.body":
            last = self._count(message)
            if last and perf_counter() - self._since > _SLOW_SECONDS:
                await self._watch()
        elif kind == "http.response.pathsend":
            self._sent = int(header(self._headers, b"content-length") or 0)
            self._mark_first_byte()
            last = True
        elif self._scope["type"] == "websocket":
            message, last = self._talk(message)
        await self._deliver(message, last=last)

    async def _deliver(self, message: Message, *, last: bool) -> None:
        try:
            await self._send(message)
        except OSError:  # how a server reports a closed connection (ASGI 2.4)
            self._disconnected = True
            raise
        if last:
            self.finish("aborted" if self._disconnected else "complete")

    def _begin(self, message: Message) -> Message:
        """Note the status, and add the request id."""
        headers = self._headers = message.get("headers", ())
        self._status = message["status"]
        kind = header(headers, b"content-type")
        if kind is not None and kind.startswith(b"text/event-stream"):
            self._kind = "sse"
        return {**message, "headers": [*headers, self._id_header]}

    def _count(self, message: Message) -> bool:
        """Note a piece of the body; return whether it is the last."""
        self._sent += len(message.get("body", b""))
        if self._first_byte is None:
            self._first_byte = perf_counter() - self._since
        if message.get("more_body", False):
            self._streamed = True
            return False
        return True

    def _talk(self, message: Message) -> tuple[Message, bool]:
        """Note a message of a websocket, or of the response that refuses one; return what to send
        and whether it is the last."""
        match message["type"]:
            case "websocket.send":
                self._sent += size(message)
            case "websocket.accept":
                self._mark_first_byte()
                return self._begin(
                    {"status": HTTPStatus.SWITCHING_PROTOCOLS.value, **message}
                ), False
            case "websocket.http.response.start":
                return self._begin(message), False
            case "websocket.http.response.body":
                return message, self._count(message)
            case "websocket.close":
                if not self.started:
                    self._status = HTTPStatus.FORBIDDEN.value
                return message, True
        return message, False

    async def _watch(self) -> None:
        """Check whether the client left during a slow answer; only reading shows that.

        Not for a stream, which does its own reading, nor while the application still may.
        """
        if self._streamed or self._unread:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE_SECONDS):
                # an empty body that the application did not read, then nothing else can come
                for _ in range(2):
                    await self.receive()
        if self._disconnected:
            self._status = CLIENT_CLOSED

    def _mark_first_byte(self) -> None:
        if self._first_byte is None:
            self._first_byte = perf_counter() - self._since

    async def answer(self, error: ProblemError, send: Send) -> None:
        """Answer with a problem; a websocket whose server cannot do that is closed instead.

        `send` leads back here, past what stands between (CORS headers).
        """
        if self.started:
            raise RuntimeError(f"Too late for a response of {error.status}.") from error
        if self._scope["type"] == "websocket" and _DENIAL not in self._scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
        else:
            await respond(error, self._scope)(self._scope, self.receive, send)

    def require_response(self) -> None:
        """Raise RuntimeError if the application gave a connected client no response."""
        if self._status is None and not self._disconnected:
            raise RuntimeError("The application returned without a response.")

    def client_went_away(self, error: Exception) -> bool:
        """Return whether `error` means that the client has closed its connection."""
        noticed = self._disconnected and isinstance(error, OSError)
        left = isinstance(error, ClientDisconnect | WebSocketDisconnect)
        return not self._finished and (noticed or left)

    def note_background(self) -> None:
        """Write a line of its own about work that went on after the response."""
        seconds = perf_counter() - self._ended
        if self._finished and seconds >= _BACKGROUND_SECONDS:
            structlog.get_logger().info(
                "background work",
                route=self._templates.find(self._scope),
                duration_ms=round(seconds * 1000, 2),
            )

    def blame(self) -> str:
        """Return the log event that says which part crashed."""
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
            route=self._templates.find(self._scope),
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

"""One request and its response: what was sent so far and how it ended."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from time import perf_counter
from typing import Literal

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from chassis import logs
from chassis.fastapi.problems import respond
from chassis.fastapi.routes import Templates
from chassis.fastapi.scope import REQUEST_ID
from chassis.problems import MEDIA_TYPE, ProblemError

Outcome = Literal["complete", "aborted", "failed_after_start"]
CLIENT_CLOSED = 499  # nginx's number: nobody was there for an answer
_SLOW_SECONDS = 0.1
_GLANCE_SECONDS = 0.001
_DENIAL = "websocket.http.response"
_STARTS = ("http.response.start", f"{_DENIAL}.start")
_BODIES = ("http.response.body", f"{_DENIAL}.body")
_TOO_LARGE = "The body is larger than this service accepts."


class Exchange:
    """Stands between the server and the application, and writes one access line.

    The clock stops at the last byte of the response: background work comes after it.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        templates: Templates,
    ) -> None:
        """Start the clock."""
        self._scope = scope
        self._receive = receive
        self._send = send
        self._templates = templates
        self._since = perf_counter()
        self._status: int | None = None
        self._finished = False
        self._disconnected = False
        self._replaced = False
        self._streamed = False
        self._unread = _has_body(scope)

    @property
    def started(self) -> bool:
        """Whether the client has seen a status (or an accepted websocket)."""
        return self._status is not None

    async def receive(self) -> Message:
        """Pass on what the client sends and notice when it goes away."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._disconnected = True
        elif message["type"] == "http.request":
            self._unread = message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the application answers, with the request id on it."""
        if self._replaced:
            return
        kind = message["type"]
        if kind in _STARTS:
            if _is_plain_413(message):
                await self.answer(ProblemError(413, None, _TOO_LARGE))
                self._replaced = True
                return
            self._status = int(message["status"])
            message = {**message, "headers": [*message.get("headers", ()), self._id_header()]}
        elif kind == "http.response.body":
            await self._watch(message)
        elif kind == "websocket.accept":
            self._status = HTTPStatus.SWITCHING_PROTOCOLS.value
        elif kind == "websocket.close" and not self.started:
            self._status = HTTPStatus.FORBIDDEN.value
        await self._deliver(message)
        if _is_last(message):
            self.finish("aborted" if self._disconnected else "complete")

    async def _watch(self, body: Message) -> None:
        """See whether the client left while a slow answer was made: only reading tells.

        Not for a stream, which does its own reading, nor while the application still may.
        """
        self._streamed = self._streamed or body.get("more_body", False)
        if self._streamed or self._unread or perf_counter() - self._since < _SLOW_SECONDS:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE_SECONDS):
                while not self._disconnected:
                    await self.receive()
        if self._disconnected:
            self._status = CLIENT_CLOSED

    async def _deliver(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:  # how a server reports a closed connection (ASGI 2.4)
            self._disconnected = True
            raise

    async def answer(self, error: ProblemError) -> None:
        """Answer with a problem; a websocket whose server cannot do that is closed instead."""
        if self.started:
            raise RuntimeError(f"Too late for a response of {error.status}.") from error
        if self._scope["type"] == "websocket" and _DENIAL not in self._scope.get("extensions", {}):
            await self.send({"type": "websocket.close", "code": 1008})
        else:
            await respond(error, self._scope)(self._scope, self.receive, self.send)

    def require_response(self) -> None:
        """Raise RuntimeError if the application returned without an answer for somebody."""
        if not self.started and not self._disconnected:
            raise RuntimeError("The application returned without a response.")

    def client_went_away(self, error: Exception) -> bool:
        """Say whether ``error`` is nobody's fault: the client has closed its connection."""
        noticed = self._disconnected and isinstance(error, OSError)
        left = isinstance(error, ClientDisconnect | WebSocketDisconnect)
        return not self._finished and (noticed or left)

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
        gone = outcome == "aborted" and not self.started
        if self._scope["type"] == "websocket" and self.started and outcome == "aborted":
            outcome = "complete"  # either side ends a conversation when it likes
        logs.access(
            method=self._scope.get("method", "WEBSOCKET"),
            route=self._templates.of(self._scope),
            status=CLIENT_CLOSED if gone else self._status or 0,
            duration_ms=(perf_counter() - self._since) * 1000,
            outcome=outcome,
        )
        return True

    def _id_header(self) -> tuple[bytes, bytes]:
        return b"x-request-id", self._scope[REQUEST_ID].encode()


def _has_body(scope: Scope) -> bool:
    return any(
        key == b"transfer-encoding" or (key == b"content-length" and value != b"0")
        for key, value in scope["headers"]
    )


def _is_last(message: Message) -> bool:
    return (message["type"] in _BODIES and not message.get("more_body", False)) or message[
        "type"
    ] in ("http.response.pathsend", "websocket.close")


def _is_plain_413(message: Message) -> bool:
    return message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and not any(
        value == MEDIA_TYPE.encode() for key, value in message["headers"] if key == b"content-type"
    )

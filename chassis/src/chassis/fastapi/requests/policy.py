"""The limits of a request's body, and the headers that every response carries."""

from collections.abc import Iterable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.fastapi.problems import respond
from chassis.fastapi.requests.messages import header
from chassis.problems import MEDIA_TYPE, ProblemError

_SERVED = ("http", "websocket")
_PROBLEM = MEDIA_TYPE.encode()
_TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value
LARGEST_BODY = 1_000_000
"""Bytes of a request body; a route with another limit declares it with `max_body_size=`.

FastAPI's own limit for a whole application costs some 10 µs for each router above a route."""

_LIMIT = MAX_BODY_SIZE_SCOPE_KEY  # set where the route has its own limit
_DETAIL = "The body is larger than this service accepts."
_KEPT = (b"access-control-", b"vary")
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NO_SNIFFING = ((b"x-content-type-options", b"nosniff"),)
_STRICT = (*_NO_SNIFFING, _POLICY)
_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class Policy:
    """ASGI middleware that limits each request body and adds security headers to each response."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, which may be any ASGI application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket; anything else passes through."""
        if scope["type"] not in _SERVED:
            await self._app(scope, receive, send)
            return
        bounded = _Bounded(scope, receive, send)
        await self._app(scope, bounded.receive, bounded.send)


class _Bounded:
    """The limited `receive` and `send` of one request."""

    __slots__ = ("_receive", "_received", "_replaced", "_scope", "_send")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._received = 0
        self._replaced = False

    async def receive(self) -> Message:
        """Return the next message. Raises HTTPException 413 for a body that is too large."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > LARGEST_BODY and _LIMIT not in self._scope:
                raise HTTPException(_TOO_LARGE, _DETAIL)
        return message

    async def send(self, message: Message) -> None:
        """Send `message`; the start of a response gets the security headers."""
        if self._replaced:
            return
        if message["type"] in _STARTS:
            if _is_plain_refusal(message):
                await self._replace(message)
                return
            headers = message.get("headers", ())
            message = {**message, "headers": [*headers, *_secure(headers)]}
        await self._send(message)

    async def _replace(self, message: Message) -> None:
        headers = message.get("headers", ())
        headers_to_keep = {
            k.decode(): v.decode("latin-1") for k, v in headers if k.startswith(_KEPT)
        }
        error = ProblemError(_TOO_LARGE, None, _DETAIL, headers=headers_to_keep)
        await respond(error, self._scope)(self._scope, self.receive, self.send)
        self._replaced = True


def _is_plain_refusal(message: Message) -> bool:
    """Return whether `message` starts FastAPI's plain-text answer to a body that is too large."""
    return (
        message["type"] == "http.response.start"
        and message["status"] == _TOO_LARGE
        and header(message.get("headers", ()), b"content-type") != _PROBLEM
    )


def _secure(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    """Return the headers that stop a browser from guessing a type or running content of an answer.

    A page with a content security policy keeps its own.
    """
    return _NO_SNIFFING if header(headers, _POLICY[0]) else _STRICT

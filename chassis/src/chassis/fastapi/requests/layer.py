"""The outer layer of every request: identifiers, authentication, crashes, the access line.

It has two pure ASGI parts. `RequestLayer` is outermost and sees every message. `Guard` refuses each
request without a verified credential, except to routes that are declared public, so a forgotten
dependency, a mount or a plain route exposes nothing. Between them are `Policy`, with the limits and
headers of every request, and CORS, whose headers a browser needs on refusals too.
"""

import sys

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import telemetry
from chassis.auth import Principal
from chassis.environment import SettingsError
from chassis.fastapi.errors import StartError
from chassis.fastapi.platform import Platform
from chassis.fastapi.requests.exchange import Exchange
from chassis.fastapi.requests.scope import EXCHANGE, PLATFORM, PRINCIPAL, REQUEST_ID
from chassis.problems import ProblemError, internal
from chassis.telemetry.requests import Recorder

_SERVED = ("http", "websocket")


class RequestLayer:
    """ASGI middleware that identifies each request of `app` and records its outcome."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        """Wrap `app`, which may be any ASGI application."""
        self._app = app
        self._platform = platform
        self._recorder = Recorder(platform.settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket, or start and stop the application."""
        if scope["type"] not in _SERVED:
            await _start(self._app, scope, receive, send)
            return
        peer = scope.get("client")
        recording = self._recorder.begin(peer[0] if peer else None, *_identifiers(scope))
        exchange = Exchange(scope, receive, send, self._platform.templates, recording)
        scope[REQUEST_ID] = recording.context.request_id
        scope[PLATFORM] = self._platform
        scope[EXCHANGE] = exchange
        try:
            await self._app(scope, exchange.receive, exchange.send)
            exchange.note_background()
        finally:
            exchange.finish("aborted")
            recording.close()
            # scope and exchange refer to each other: else only the garbage collector frees them
            del scope[EXCHANGE]


class Guard:
    """ASGI middleware that authenticates each caller and turns every error into a response."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        """Guard `app`, behind a RequestLayer."""
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket; anything else passes through."""
        if scope["type"] not in _SERVED:
            await self._app(scope, receive, send)
            return
        exchange: Exchange = scope[EXCHANGE]
        try:
            scope[PRINCIPAL] = await self._authenticate(scope)
            await self._app(scope, receive, send)
            exchange.require_response()
        except Exception as error:
            await _recover(exchange, error, send)

    async def _authenticate(self, scope: Scope) -> Principal | None:
        if (scope.get("method"), scope["path"]) in self._platform.public:
            return None
        return await self._platform.authentication.authenticate(scope)


async def _start(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the lifespan; report a StartError or SettingsError as one sentence, not a traceback."""

    async def hold_back(message: Message) -> None:
        explained = isinstance(sys.exception(), StartError | SettingsError)
        if not (explained and message["type"] == "lifespan.startup.failed"):
            await send(message)

    try:
        await app(scope, receive, hold_back)
    except (StartError, SettingsError) as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})


async def _recover(exchange: Exchange, error: Exception, send: Send) -> None:
    """Answer `error`; if the response has started, re-raise it, which closes the connection."""
    if isinstance(error, ProblemError) and not exchange.started:
        await exchange.answer(error, send)
        return
    if exchange.client_went_away(error):
        return
    structlog.get_logger().error(exchange.blame(), exc_info=error)
    telemetry.report(error)
    if not exchange.started:
        await exchange.answer(internal(), send)
    elif exchange.finish("failed_after_start"):
        raise error


def _identifiers(scope: Scope) -> tuple[str | None, str | None]:
    """Return `X-Request-ID` and `traceparent`; a repeated header is ignored, so that
    all readers of a request take the same value."""
    request_id: list[bytes] = []
    traceparent: list[bytes] = []
    for key, value in scope["headers"]:
        if key == b"x-request-id":
            request_id.append(value)
        elif key == b"traceparent":
            traceparent.append(value)
    return _only(request_id), _only(traceparent)


def _only(values: list[bytes]) -> str | None:
    return values[0].decode("latin-1") if len(values) == 1 else None

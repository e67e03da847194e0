"""The one layer around every request: identifiers, who is calling, crashes, the access line.

It is pure ASGI and outermost. Nothing behind it is reached without a verified token, except what
is public by name; so a forgotten dependency, a mount or a plain route cannot open a door.
"""

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis import logs, request_id
from chassis.auth import Principal
from chassis.fastapi.exchange import Exchange
from chassis.fastapi.platform import Platform
from chassis.fastapi.scope import PLATFORM, PRINCIPAL, REQUEST_ID
from chassis.problems import ProblemError, internal


class RequestLayer:
    """Serves ``app`` and answers for everything that goes wrong in it."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        """Wrap ``app``, which may be any ASGI application."""
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket; anything else passes through."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        trace = request_id.trace_id(_header(scope, b"traceparent"))
        scope[REQUEST_ID] = request_id.accept(_header(scope, b"x-request-id"))
        scope[PLATFORM] = self._platform
        logs.bind_request(request_id=scope[REQUEST_ID], trace_id=trace)
        exchange = Exchange(scope, receive, send, self._platform.templates)
        try:
            await self._serve(scope, exchange)
        finally:
            exchange.finish("aborted")
            logs.clear()

    async def _serve(self, scope: Scope, exchange: Exchange) -> None:
        try:
            scope[PRINCIPAL] = await self._authenticate(scope)
            await self._app(scope, exchange.receive, exchange.send)
            exchange.require_response()
        except Exception as error:
            await _recover(exchange, error)

    async def _authenticate(self, scope: Scope) -> Principal | None:
        if (scope.get("method"), scope["path"]) in self._platform.public:
            return None
        return await self._platform.authentication.authenticate(scope)


async def _recover(exchange: Exchange, error: Exception) -> None:
    """Answer while that is possible; a broken response has to break its connection."""
    if isinstance(error, ProblemError) and not exchange.started:
        await exchange.answer(error)
        return
    if exchange.client_went_away(error):
        return
    structlog.get_logger().error(exchange.blame(), exc_info=error)
    if not exchange.started:
        await exchange.answer(internal())
    elif exchange.finish("failed_after_start"):
        raise error


def _header(scope: Scope, name: bytes) -> str | None:
    """Return the header ``name``; one that comes twice is nobody's, so that no two readers can
    take different values from one request."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None

"""One request as logs, metrics and traces see it, the same from Django and FastAPI."""

from collections.abc import Sequence
from contextvars import Token
from typing import TYPE_CHECKING, Any, Literal

from chassis import logs
from chassis.telemetry import exports, metrics
from chassis.telemetry.context import Context, current, parse, read, start
from chassis.telemetry.trust import trust

if TYPE_CHECKING:
    from chassis.telemetry.span import RequestSpan

Kind = Literal["sse", "websocket"]
Outcome = Literal["complete", "aborted", "failed_after_start"]

_METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)
_OTHER = "_OTHER"  # OpenTelemetry's name for a method that is none of HTTP's
_SERVER_ERROR = 500


class Recorder:
    """Gives a request its identifiers and records its outcome.

    Only `trusted` networks may name the request, continue a trace and decide whether it is
    recorded. Any other caller starts a new trace: an outsider who chose its id could have every
    request sampled (the ratio looks at the id) or put thousands of requests into one trace. The
    outsider's id is still in the access line, as `caller_trace_id`, for support.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        """Trust networks in CIDR notation."""
        self._trusts = trust(trusted)

    def begin(
        self, peer: str | None, request_id: str | None, traceparent: str | None
    ) -> "Recording":
        """Identify a request from `peer`, the address that the server saw, and its headers."""
        caller = None
        if (request_id or traceparent) and self._trusts(peer):
            context = read(request_id, traceparent)
        else:
            context = start()
            caller = parse(traceparent) if traceparent else None
        return Recording(context, caller[0] if caller else None)


class Recording:
    """One request between its first header and its last byte."""

    __slots__ = ("_attached", "_caller", "_span", "_token", "context")

    def __init__(self, context: Context, caller: str | None) -> None:
        """Make `context` the current one."""
        self.context = context
        self._caller = caller
        self._attached: Token[Any] | None = None
        self._span: RequestSpan | None = None
        if exports.tracing is not None:
            if context.parent_id is None:
                context.sampled = exports.tracing.samples(context.trace_id)
            elif context.sampled:
                # our own span, under the caller's
                context.span_id = start().span_id
            self._attached, self._span = exports.tracing.enter(context)
        self._token = current.set(context)

    def finish(
        self,
        *,
        method: str,
        route: str,
        status: int,
        seconds: float,
        first_byte_seconds: float | None,
        received: int,
        sent: int,
        outcome: Outcome,
        scheme: str,
        kind: Kind | None = None,
    ) -> None:
        """Write the access line, count the request and end its span; sizes are bodies' in bytes.

        A stream of `kind` lasts as long as its reader likes and stays out of the histogram.
        """
        method = method if method in _METHODS else _OTHER
        fields: dict[str, Any] = {
            "method": method,
            "route": route,
            "duration_ms": round(seconds * 1000, 2),
            "request_bytes": received,
            "response_bytes": sent,
            "outcome": outcome,
        }
        if first_byte_seconds is not None:
            fields["ttfb_ms"] = round(first_byte_seconds * 1000, 2)
        if kind is not None:
            fields["kind"] = kind
        if self._caller is not None:
            fields["caller_trace_id"] = self._caller
        logs.access(status=status, **fields)
        if metrics.active is not None and kind is None:
            metrics.active.observe(method, route, status, seconds)
        if self._span is not None:
            self._end(self._span, method, route, status, scheme)

    def _end(self, span: "RequestSpan", method: str, route: str, status: int, scheme: str) -> None:
        """End the span. Its attributes leave out `url.path`, which may hold personal data."""
        attributes: dict[str, Any] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "url.scheme": scheme,
            "chassis.request_id": self.context.request_id,
        }
        if status >= _SERVER_ERROR:
            span.fail(str(status))
        if exports.tracing is not None:
            exports.tracing.end(span, self.context.parent_id, f"{method} {route}", attributes)

    def close(self) -> None:
        """Stop being the current request; work that still runs for it may write lines."""
        current.reset(self._token)
        if exports.tracing is not None and self._attached is not None:
            exports.tracing.leave(self._attached)

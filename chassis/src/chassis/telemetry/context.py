"""The identifiers of the current request, job or message."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from chassis.request_id import HEADER, TRACE_HEADER, digits, harmless

_TRACEPARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})"
    r"-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_SAMPLED = 1


@dataclass(slots=True)
class Context:
    """Identifiers in lower-case hex: `trace_id` has 32 digits, `span_id` 16.

    `span_id` is the span that work below this point is a part of; `sampled` whether it is
    recorded, `parent_id` the caller's span where it is not `span_id` itself.
    """

    request_id: str
    trace_id: str
    span_id: str
    sampled: bool = False
    parent_id: str | None = None


current: ContextVar[Context | None] = ContextVar("chassis_telemetry", default=None)
"""The context of what runs now, None outside requests and jobs."""


def start() -> Context:
    """Return the context of work without a caller."""
    made = digits(80)
    return Context(made[:32], made[32:64], made[64:])


def read(request_id: str | None, traceparent: str | None) -> Context:
    """Return the context in a trusted caller's headers; replace malformed values by new ones."""
    context = start()
    if request_id is not None and harmless(request_id):
        context.request_id = request_id
    if caller := parse(traceparent):
        context.trace_id, context.span_id, context.sampled = caller
        context.parent_id = context.span_id
    return context


def parse(traceparent: str | None) -> tuple[str, str, bool] | None:
    """Read trace id, span id and whether they are recorded out of a W3C `traceparent`.

    A later version of the header may carry more after the flags (section 4.3).
    """
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    return match["trace"], match["span"], bool(int(match["flags"], 16) & _SAMPLED)


def carried() -> dict[str, str]:
    """Return what has to travel with work that is done elsewhere, as lower-case header names:
    `traceparent` and `x-request-id`. Empty outside a request or job."""
    context = current.get()
    if context is None:
        return {}
    trace_id, span_id, sampled = _innermost() or (
        context.trace_id,
        context.span_id,
        context.sampled,
    )
    return {
        TRACE_HEADER: f"00-{trace_id}-{span_id}-{'01' if sampled else '00'}",
        HEADER.lower(): context.request_id,
    }


def ask(innermost: Callable[[], tuple[str, str, bool] | None]) -> None:
    """Let `innermost` return the current span: one that a team opened is inside ours."""
    global _innermost  # noqa: PLW0603 - one a process, like the tracer behind it
    _innermost = innermost


def _nobody() -> None:
    return None


_innermost: Callable[[], tuple[str, str, bool] | None] = _nobody

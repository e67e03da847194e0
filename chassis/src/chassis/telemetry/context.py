"""The identifiers of the request, job or message that is being worked on."""

import re
from contextvars import ContextVar
from dataclasses import dataclass

from chassis.request_id import HEADER, TRACE_HEADER, accept, fresh, fresh_span

_TRACEPARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})"
    r"-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_SAMPLED = 1


@dataclass(slots=True)
class Context:
    """Identifiers in lower-case hex: ``trace_id`` has 32 digits, ``span_id`` 16.

    ``span_id`` is the span that work below this point is a part of; ``sampled`` whether it is
    recorded.
    """

    request_id: str
    trace_id: str
    span_id: str
    sampled: bool = False


current: ContextVar[Context | None] = ContextVar("chassis_telemetry", default=None)
"""The context of what runs now, None outside requests and jobs."""


def start() -> Context:
    """Make the context of something that nobody asked us for in a request."""
    return Context(fresh(), fresh(), fresh_span())


def read(request_id: str | None, traceparent: str | None) -> Context:
    """Make a context from what a caller sent whom we trust; whatever is malformed is made anew.

    A later version of ``traceparent`` may carry more after the flags (W3C, section 4.3).
    """
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found is None or (found["version"] == "00" and found["more"]):
        return Context(accept(request_id), fresh(), fresh_span())
    sampled = bool(int(found["flags"], 16) & _SAMPLED)
    return Context(accept(request_id), found["trace"], found["span"], sampled)


def carried() -> dict[str, str]:
    """Return what has to travel with work that is done elsewhere, as lower-case header names:
    ``traceparent`` and ``x-request-id``. Empty outside a request or job."""
    context = current.get()
    if context is None:
        return {}
    flags = "01" if context.sampled else "00"
    return {
        TRACE_HEADER: f"00-{context.trace_id}-{context.span_id}-{flags}",
        HEADER.lower(): context.request_id,
    }

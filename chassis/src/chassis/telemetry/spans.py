"""Spans around work that is not a request: jobs, outgoing calls, messages."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from chassis.request_id import HEADER, TRACE_HEADER
from chassis.telemetry import exports
from chassis.telemetry.context import current, read

Kind = Literal["consumer", "producer", "client", "internal"]
"""The role of a span, as OpenTelemetry names them."""


@contextmanager
def resume(carried: Mapping[str, str], *, name: str, kind: Kind) -> Iterator[None]:
    """Continue the request that left `carried`: same request id, same trace.

    If `carried` is empty, new identifiers are created, so that the lines of one piece of work can
    be told from others. `name` and `kind` are the span's, if traces are recorded.
    """
    context = read(carried.get(HEADER.lower()), carried.get(TRACE_HEADER))
    token = current.set(context)
    try:
        if exports.tracing is None:
            yield
            return
        with exports.tracing.work(context, name, kind) as span:
            made = span.get_span_context()
            context.trace_id = f"{made.trace_id:032x}"
            context.span_id = f"{made.span_id:016x}"
            context.sampled = made.trace_flags.sampled
            yield
    finally:
        current.reset(token)

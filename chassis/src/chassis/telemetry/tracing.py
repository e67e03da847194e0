"""Traces by OpenTelemetry: one span a request, and whatever a team adds with its API.

Importing this imports the SDK; that happens only where a collector is named.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import Token
from time import time_ns
from typing import Any
from urllib.parse import unquote

import structlog
from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.telemetry.context import Context
from chassis.telemetry.otlp import Exporter
from chassis.telemetry.span import RequestSpan

_NAME = "chassis"
_MOST_WAITING = 16_384  # spans, about 25 MB: two seconds of a busy process
_BATCH = 1_024
_DELAY_MILLISECONDS = 1_000
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)
_HALF = 16  # hex digits of a trace id that the ratio looks at, the later ones


class Tracing:
    """Records spans of requests, and of everything that uses OpenTelemetry's tracer."""

    def __init__(self, settings: ServiceSettings, service: Service) -> None:
        """Become the process's tracer provider."""
        ratio = settings.otel_traces_sampler_arg
        sampler = TraceIdRatioBased(ratio)
        self._bound = f"{sampler.bound:016x}"
        self._all = ratio >= 1
        self._resource = Resource.create(
            {
                "service.name": service.name,
                "service.version": service.version,
                "deployment.environment.name": settings.environment.value,
            }
        )
        self._scope = InstrumentationScope(_NAME)
        headers = _headers(settings.otel_exporter_otlp_headers.get_secret_value())
        self._queue = _Queue(Exporter(settings.otel_exporter_otlp_endpoint, headers))
        self._provider = TracerProvider(resource=self._resource, sampler=ParentBased(sampler))
        self._provider.add_span_processor(self._queue)
        self._tracer = self._provider.get_tracer(_NAME)
        trace.set_tracer_provider(self._provider)

    def samples(self, trace_id: str) -> bool:
        """Decide about a trace that begins here, as OpenTelemetry's ratio does: by its id."""
        return self._all or trace_id[_HALF:] < self._bound

    def enter(self, context: Context) -> tuple[Token[Any], RequestSpan | None]:
        """Begin the span of a request, and make it the current one.

        The token is for `leave`, the span, where one is recorded, for `end`.
        """
        flags = _SAMPLED if context.sampled else _UNSAMPLED
        identity = SpanContext(int(context.trace_id, 16), int(context.span_id, 16), False, flags)
        span = RequestSpan(identity, time_ns()) if context.sampled else None
        current = trace.set_span_in_context(span or NonRecordingSpan(identity))
        return otel.attach(current), span

    def leave(self, token: Token[Any]) -> None:
        """Restore what was current before, in the task that called `enter`."""
        otel.detach(token)

    def end(
        self, span: RequestSpan, parent_id: str | None, name: str, attributes: Mapping[str, Any]
    ) -> None:
        """End the span of a request; `attributes` join those that were set meanwhile."""
        parent = None
        if parent_id:
            parent = SpanContext(span.identity.trace_id, int(parent_id, 16), True, _SAMPLED)
        finished = ReadableSpan(
            span.name or name,
            span.identity,
            parent,
            self._resource,
            {**attributes, **span.attributes} if span.attributes else attributes,
            span.events,
            kind=SpanKind.SERVER,
            status=span.status,
            start_time=span.start_time,
            end_time=time_ns(),
            instrumentation_scope=self._scope,
        )
        self._queue.on_end(finished)

    def work(self, context: Context, name: str, kind: str) -> AbstractContextManager[trace.Span]:
        """Open the span of work that is no request, under the one that `context` names."""
        parent = None
        if context.parent_id:
            flags = _SAMPLED if context.sampled else _UNSAMPLED
            ids = int(context.trace_id, 16), int(context.parent_id, 16)
            parent = trace.set_span_in_context(
                NonRecordingSpan(SpanContext(*ids, is_remote=True, trace_flags=flags)),
                otel.Context(),
            )
        return self._tracer.start_as_current_span(
            name, parent or otel.Context(), kind=SpanKind[kind.upper()]
        )

    def stop(self) -> None:
        """Send what is left, for at most 30 seconds."""
        self._provider.shutdown()


class _Queue(SpanProcessor):
    """The SDK's batches, with a count of the spans that find no room in them."""

    def __init__(self, exporter: Exporter) -> None:
        self._given = 0
        self._taken = 0
        self._dropped = 0
        self._batches = BatchSpanProcessor(
            _Counting(exporter, self._took),
            max_queue_size=_MOST_WAITING,
            max_export_batch_size=_BATCH,
            schedule_delay_millis=_DELAY_MILLISECONDS,
        )

    def on_end(self, span: ReadableSpan) -> None:
        if self._given - self._taken >= _MOST_WAITING:
            self._dropped += 1
            return
        self._given += 1
        self._batches.on_end(span)

    def _took(self, count: int) -> None:
        self._taken += count
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            structlog.get_logger().error("spans_dropped", spans=dropped, why="collector too slow")

    def shutdown(self) -> None:
        self._batches.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._batches.force_flush(timeout_millis)


class _Counting(SpanExporter):
    def __init__(self, exporter: Exporter, took: Callable[[int], None]) -> None:
        self._exporter = exporter
        self._took = took

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            return self._exporter.export(spans)
        finally:
            # spans that could not be sent no longer wait either
            self._took(len(spans))

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _headers(text: str) -> dict[str, str]:
    """Read `key=value,key=value`, percent-encoded as OpenTelemetry's specification has it."""
    pairs = (item.partition("=") for item in text.split(",") if "=" in item)
    return {key.strip(): unquote(value.strip()) for key, _, value in pairs}


def innermost() -> tuple[str, str, bool] | None:
    """Return trace id, span id and whether it is recorded, of the span that is current now."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"{span.trace_id:032x}", f"{span.span_id:016x}", span.trace_flags.sampled

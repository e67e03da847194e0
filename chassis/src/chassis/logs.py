"""One JSON line per event on standard output, from structlog and the standard library alike."""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.contextvars import clear_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis import lines
from chassis.environment import Environment
from chassis.output import Output
from chassis.redaction import REDACTED, clean
from chassis.request_id import fresh_span
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.telemetry.context import Context, current

__all__ = ["REDACTED", "access", "bind_request", "clear", "configure", "flush", "identify", "known"]

_ACCESS_LOGS = ("uvicorn.access", "granian.access", "django.server")
# at INFO: a line for each of its own parts; a line for each call, with the address asked
_CHATTERERS = ("alembic.runtime.plugins", "httpx", "httpx2")
_SERVER_ERROR = 500


def configure(settings: ServiceSettings, service: Service) -> None:
    """Send structlog and the standard library through one pipeline to standard output.

    Every line carries the service's name and version. Servers' own access logs are switched off:
    `access` writes that line. JSON goes out in batches (`chassis.output`), except in tests,
    which read what was written at once.
    """
    as_json = settings.log_format != "console"
    batched = as_json and settings.environment is not Environment.TEST
    sink = _Batches if batched else _Lines
    shared = _pipeline(service)
    render = _renderers(as_json=as_json)
    level = logging.getLevelNamesMapping()[settings.log_level]
    processors = [*shared, *render]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=sink,
        cache_logger_on_first_use=settings.environment is Environment.PRODUCTION,
    )
    _fast.configure(service, processors if batched and level <= logging.INFO else None)
    handler = _Handler(sink())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    # a test runner's handler is of another kind and stays
    plain = (logging.StreamHandler, _Handler)
    root.handlers[:] = [handler, *(item for item in root.handlers if type(item) not in plain)]
    root.setLevel(level)
    for name in _ACCESS_LOGS:
        logging.getLogger(name).disabled = True
    for name in _CHATTERERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def bind_request(*, request_id: str, trace_id: str) -> None:
    """Put the identifiers of the present request on every line written in this context."""
    clear_contextvars()
    current.set(Context(request_id, trace_id, fresh_span()))


def clear() -> None:
    """Forget the request, and whatever was bound to its lines."""
    current.set(None)
    clear_contextvars()


def flush() -> None:
    """Wait a moment for the lines that still gather; call it before the process ends."""
    _output.flush()


def access(*, status: int, **fields: Any) -> None:
    """Write the one line of a finished request, before its identifiers are cleared.

    `fields` are those of `chassis.telemetry.requests`. `route` is the template
    (`/orders/{id}`), never the path, which may hold personal data.
    """
    known("request", urgent=status >= _SERVER_ERROR, status=status, **fields)


def known(event: str, *, urgent: bool = False, **fields: Any) -> None:
    """Write a frequent line whose `fields` are the chassis's own numbers and names.

    They cannot contain a secret. So the line skips redaction, which takes ten times as long as
    writing it. An `urgent` line is written at once.
    """
    if _fast.is_on():
        _fast.write(event, fields, urgent=urgent)
    else:
        structlog.get_logger().info(event, **fields)


def identify(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the request or job that a line belongs to."""
    if context := current.get():
        event["request_id"] = context.request_id
        event["trace_id"] = context.trace_id
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the values of secret keys, and credentials inside texts."""
    return {key: clean(key, value) for key, value in event.items()}


class _Fast:
    """Writes known lines without the pipeline, whose work is known beforehand for them.

    A replaced pipeline (`structlog.testing.capture_logs` replaces it in place) gets these
    lines through it as well.
    """

    def __init__(self) -> None:
        self._processors: list[Processor] = []
        self._last: Processor | None = None
        self._stamps: dict[str, str] = {}

    def configure(self, service: Service, processors: list[Processor] | None) -> None:
        """Stand in for `processors`, or for none."""
        self._processors = processors or []
        self._last = processors[-1] if processors else None
        self._stamps = {"service": service.name, "version": service.version}

    def is_on(self) -> bool:
        """Whether the pipeline is the one that this stands in for."""
        return self._last is not None and self._processors[-1] is self._last

    def write(self, name: str, fields: Mapping[str, Any], *, urgent: bool) -> None:
        """Write one line."""
        context = current.get()
        event = {
            "event": name,
            "level": "info",
            "timestamp": datetime.now(UTC),
            **fields,
            **self._stamps,
        }
        if context is not None:
            event["request_id"] = context.request_id
            event["trace_id"] = context.trace_id
        _output.write(lines.line(event), urgent=urgent)


class _Lines:
    """Writes each line at once: for people, and for tests.

    Standard output is looked up every time, because test runners replace and close it.
    """

    def __init__(self, *_: object) -> None:
        """Take what structlog's factories are given; there is nothing to choose."""

    def msg(self, line: str) -> None:
        """Write one line."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


class _Batches:
    """Hands lines to `chassis.output`; those about failures go out at once."""

    def __init__(self, *_: object) -> None:
        """Take what structlog's factories are given; there is nothing to choose."""

    def msg(self, line: str) -> None:
        """Take one line."""
        _output.write(f"{line}\n".encode())

    def error(self, line: str) -> None:
        """Take one line about a failure."""
        _output.write(f"{line}\n".encode(), urgent=True)

    log = debug = info = warn = warning = msg
    fatal = failure = err = critical = exception = error


class _Handler(logging.Handler):
    """Sends the standard library's records the same way."""

    def __init__(self, sink: _Lines | _Batches) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; like every handler, report a failure instead of raising it."""
        write = self._sink.error if record.levelno >= logging.ERROR else self._sink.msg
        try:
            write(self.format(record))
        except Exception:
            self.handleError(record)


def _pipeline(service: Service) -> list[Processor]:
    return [
        merge_contextvars,
        identify,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _stamp(service),
        structlog.processors.StackInfoRenderer(),
    ]


def _stamp(service: Service) -> Processor:
    def stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service.name
        event["version"] = service.version
        return event

    return stamp


def _renderers(*, as_json: bool) -> list[Processor]:
    # a traceback is redacted too, so it becomes text first
    text: list[Processor] = [structlog.processors.format_exc_info, redact]
    if as_json:
        return [*text, _render]
    # never rich's, even if it is installed: it shows every local variable and takes ten seconds
    plain = structlog.dev.plain_traceback
    colors = sys.stdout.isatty()
    return [*text, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return lines.line(event).decode().rstrip("\n")


def _lost(count: int) -> bytes:
    event = {"event": "log lines dropped", "level": "error", "timestamp": datetime.now(UTC)}
    return lines.line({**event, "dropped": count, "why": "standard output was not read in time"})


_output = Output(lost=_lost)
_fast = _Fast()

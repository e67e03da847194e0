"""One JSON line per event on standard output, from structlog and the standard library alike."""

import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import structlog
from structlog.contextvars import clear_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis.request_id import fresh_span
from chassis.service import Service
from chassis.settings import Environment, ServiceSettings
from chassis.telemetry.context import Context, current

REDACTED = "[redacted]"
_SECRET_KEY = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|api[_-]?key|private[_-]?key|credential|"
    r"session[_-]?(id|key)|csrf|dsn|database_url",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_DEEPEST = 4
_ACCESS_LOGS = ("uvicorn.access", "granian.access", "django.server")
# a line for each of its own parts, at INFO, in every command that touches the database
_CHATTERERS = ("alembic.runtime.plugins",)
_URL_PASSWORD = re.compile(r"(\w://[^/\s:@]*):[^/\s@]+@")


def configure(settings: ServiceSettings, service: Service) -> None:
    """Send structlog and the standard library through one pipeline to standard output.

    Every line carries the service's name and version. Servers' own access logs are switched off:
    ``access`` writes that line.
    """
    shared = _pipeline(service)
    render = _renderers(settings.log_format or "json")
    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Output,
        cache_logger_on_first_use=settings.environment is Environment.PRODUCTION,
    )
    handler = _Handler()
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


def identify(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the request or job that a line belongs to."""
    if context := current.get():
        event["request_id"] = context.request_id
        event["trace_id"] = context.trace_id
    return event


def access(
    *,
    method: str,
    route: str,
    status: int,
    duration_ms: float,
    outcome: str | None = None,
) -> None:
    """Write the one line of a finished request, before its identifiers are cleared.

    ``route`` is the template (``/orders/{id}``), never the path, which may hold personal data.
    ``outcome`` says how it ended where the status alone would mislead (``aborted``: the client went
    away; ``failed_after_start``: it broke mid-body).
    """
    structlog.get_logger().info(
        "request",
        method=method,
        route=route,
        status=status,
        duration_ms=round(duration_ms, 1),
        **({"outcome": outcome} if outcome else {}),
    )


class _Output:
    """Writes each line at once: whole lines of several processes on one pipe do not mix.

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


class _Handler(logging.Handler):
    """Sends the standard library's records the same way."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; like every handler, report a failure instead of raising it."""
        try:
            _Output().msg(self.format(record))
        except Exception:
            self.handleError(record)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what sits under a key that names a secret, and passwords inside addresses."""
    return {key: _clean(key, value, 0) for key, value in event.items()}


@lru_cache(maxsize=1024)  # keys come from our own code, and from mappings that it logs
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _clean(key: str, value: Any, depth: int) -> Any:
    if _is_secret(key) and value not in (None, ""):
        return REDACTED
    if isinstance(value, str):
        return _BEARER.sub(rf"\1 {REDACTED}", _URL_PASSWORD.sub(rf"\1:{REDACTED}@", value))
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {inner: _clean(str(inner), item, depth + 1) for inner, item in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return [_clean("", item, depth + 1) for item in value]
    return value


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


def _renderers(form: str) -> list[Processor]:
    if form == "console":
        return [redact, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    # a traceback is redacted too, so it becomes text first
    return [
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(default=str),
    ]

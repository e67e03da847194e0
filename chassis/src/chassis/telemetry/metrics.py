"""How long requests take, for Prometheus, on a port of its own.

The names are OpenTelemetry's stable HTTP conventions in Prometheus's spelling. Everything is off
until `METRICS_PORT` is set, and then costs one histogram a request.
"""

import os
from collections.abc import Callable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog

# what the conventions advise for http.server.request.duration
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_LABELS = ("http_request_method", "http_route", "http_response_status_code")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - Prometheus asks by the pod's address
_SHARED = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The histogram `http_server_request_duration_seconds`.

    Needs the distribution prometheus-client, which is imported here and nowhere earlier.
    """

    def __init__(self) -> None:
        """Count from zero; once a process."""
        from prometheus_client import Histogram  # noqa: PLC0415 - not where metrics are off

        self._histogram = Histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP server requests.",
            _LABELS,
            buckets=_BUCKETS,
        )
        self._observers: dict[tuple[str, str, int], Callable[[float], None]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; the labels are few, because the route is a template."""
        key = (method, route, status)
        observer = self._observers.get(key)
        if observer is None:
            observer = self._histogram.labels(method, route, str(status)).observe
            self._observers[key] = observer
        observer(seconds)


active: Metrics | None = None
"""The counters of this process; None while metrics are off."""


def start(port: int | None) -> None:
    """Count, and answer `GET /metrics` on `port`; None leaves everything off.

    With PROMETHEUS_MULTIPROC_DIR every worker answers for all of them. Without it a second worker
    finds the port taken and says in the log what to do.
    """
    global active  # noqa: PLW0603 - one a process, as the library's registry is
    if port is None or active is not None:
        return
    active = Metrics()
    try:
        server = make_server(
            _EVERYWHERE, port, _application(), server_class=_Server, handler_class=_Silent
        )
    except OSError as error:
        structlog.get_logger().error("metrics_not_served", port=port, error=str(error), hint=_HINT)
        return
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()


_HINT = f"several workers: set {_SHARED} to an empty folder, and each answers for all"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # only a worker that answers for all may share the port
    allow_reuse_port = _SHARED in os.environ


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write no second access log."""


def _application() -> Callable[..., Any]:
    from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    if _SHARED not in os.environ:
        return make_wsgi_app(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return make_wsgi_app(registry)

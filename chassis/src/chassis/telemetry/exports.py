"""The exports of the process: traces, metrics and crash reports.

Each is off, its library not even imported, until the environment names its destination.
"""

from types import ModuleType
from typing import TYPE_CHECKING

from chassis.service import Service
from chassis.telemetry import context, metrics

if TYPE_CHECKING:
    # which reads its networks with chassis.telemetry.trust
    from chassis.settings import ServiceSettings
    from chassis.telemetry.tracing import Tracing

tracing: "Tracing | None" = None
"""The recorder of spans in this process; None while traces are off."""

_errors: ModuleType | None = None


def start(settings: "ServiceSettings", service: Service) -> None:
    """Switch on what `settings` name; call it once in every process that serves or works."""
    global tracing, _errors  # noqa: PLW0603 - one a process, as the libraries behind them are
    metrics.start(settings.metrics_port)
    if settings.otel_exporter_otlp_endpoint and tracing is None:
        from chassis.telemetry.tracing import Tracing, innermost  # noqa: PLC0415

        tracing = Tracing(settings, service)
        context.ask(innermost)
    if settings.sentry_dsn.get_secret_value() and _errors is None:
        from chassis.telemetry import errors  # noqa: PLC0415

        errors.start(settings, service)
        _errors = errors


def stop() -> None:
    """Send what still waits, for at most some seconds; call it before the process ends."""
    if tracing is not None:
        tracing.stop()
    if _errors is not None:
        _errors.stop()


def report(error: BaseException) -> None:
    """Report a crash to the error tracker, if there is one; log it as well, because the log must
    be complete without it."""
    if _errors is not None:
        _errors.report(error)

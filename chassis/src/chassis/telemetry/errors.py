"""Crash reports for an error tracker with Sentry's protocol (Sentry, GlitchTip, Bugsink).

The SDK reports only what it gets from us. All integrations are off, because they would wrap every
request. Local variables and request bodies are not sent.
"""

from typing import Any

import sentry_sdk

from chassis.redaction import clean_text
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.telemetry.context import current


def start(settings: ServiceSettings, service: Service) -> None:
    """Report to SENTRY_DSN from now on, from a thread of the SDK's own."""
    sentry_sdk.init(
        settings.sentry_dsn.get_secret_value(),
        environment=settings.environment.value,
        release=f"{service.name}@{service.version}",
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        send_default_pii=False,
        before_send=_redact,
    )


def report(error: BaseException) -> None:
    """Report one crash under the identifiers of its request or job."""
    with sentry_sdk.new_scope() as scope:
        if context := current.get():
            scope.set_tag("request_id", context.request_id)
            scope.set_tag("trace_id", context.trace_id)
        sentry_sdk.capture_exception(error)


def stop() -> None:
    """Send what is left, for at most two seconds."""
    sentry_sdk.flush(2)


def _redact(event: Any, _hint: Any) -> Any:
    for exception in event.get("exception", {}).get("values", ()):
        exception["value"] = clean_text(exception.get("value") or "")
    return event

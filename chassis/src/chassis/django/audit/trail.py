"""The audit trail, in the append-only table `platform.audit_event`.

Sign-ins and changes of passwords, second factors and permissions are recorded automatically
(`chassis.django.audit.signals`); a domain adds its own events with `record`. There is no history
library: it needs a table for each model, does not record intent, and everyone who may change a
model may also change its history.
"""

from collections.abc import Mapping
from typing import Any

from allauth.core import context
from django.db.models import Model
from django.http import HttpRequest

from chassis import telemetry
from chassis.django.models import AuditEvent
from chassis.redaction import clean
from chassis.request_id import HEADER

__all__ = ["record"]


def record(
    action: str,
    *,
    actor: Model | None = None,
    subject: Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Record that `actor` did `action` to `subject`; the default actor is the request's person.

    `action` is a noun and a verb in the past tense: `approval.decided`. `before` and `after` hold
    the changed values; pass no personal data, because events cannot be erased. Secrets are
    redacted. The event is written in the caller's transaction and rolled back with it.
    """
    request = context.request
    person = _person(request)  # first: loading the person also sets request.impersonator
    return AuditEvent.objects.create(
        action=action,
        actor=_key(actor or person),
        impersonator=_key(getattr(request, "impersonator", None)),
        subject_type=subject._meta.label_lower if subject is not None else None,
        subject=_key(subject),
        before=None if before is None else clean("", before),
        after=None if after is None else clean("", after),
        request_id=telemetry.carried().get(HEADER.lower()),
    )


def _person(request: HttpRequest | None) -> Model | None:
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def _key(row: Model | None) -> str | None:
    return None if row is None else str(row.pk)

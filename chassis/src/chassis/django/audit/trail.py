"""What happened and who did it, in the append-only table `platform.audit_event`.

Sign-ins and changes of passwords, second factors and permissions are recorded by themselves
(`chassis.django.audit.signals`); a domain adds its own by `record`. No history library: a copy of
every row needs a table for every model and says nothing of intent, and who may change those
tables is whoever may change the models.
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
    """Write down that `actor` (without one: the person of this request) did `action` to `subject`.

    `action` is a noun and a verb in the past, `approval.decided`. `before` and `after` hold what
    changed and no personal data, because nothing here can be erased; secrets are taken out of
    them. The event is part of the caller's transaction and vanishes with it.
    """
    request = context.request
    person = _person(request)  # before the impersonator: that is found out with the person
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

"""The platform's tables as Django sees them; `chassis.schema` makes them, no Django migration does.

Django also sends `pre_migrate` only to an app that has this module.
"""

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """One thing that happened (`chassis.django.audit.trail.record` writes it)."""

    id = models.BigAutoField(primary_key=True)
    recorded_at = models.DateTimeField(db_default=Now())
    action = models.TextField()
    actor = models.TextField(null=True)  # noqa: DJ001 - no actor differs from an empty key
    impersonator = models.TextField(null=True)  # noqa: DJ001
    subject_type = models.TextField(null=True)  # noqa: DJ001
    subject = models.TextField(null=True)  # noqa: DJ001
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    request_id = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        """A table of the platform's schema that is append-only."""

        managed = False
        db_table = '"platform"."audit_event"'
        default_permissions = ("view",)
        # of no table in particular: support staff act for a customer
        permissions: ClassVar[list[tuple[str, str]]] = [("impersonate", "Can act for a customer")]
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        """Return the action and the number."""
        return f"{self.action} #{self.pk}"

"""What is asked for, by whom, and what became of it."""

import uuid
from decimal import Decimal
from typing import Self
from uuid import UUID

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    """The reads: everything a page or an API asks about requests."""

    def for_tenant(self, tenant: UUID) -> Self:
        """Only what belongs to a tenant. Every read begins with this one."""
        return self.filter(tenant_id=tenant)

    def with_people(self) -> Self:
        """Both names in the same query, for anything that shows them."""
        return self.select_related("requested_by", "decided_by")

    def pending(self) -> Self:
        """What still waits for a decision."""
        return self.filter(status=ApprovalRequest.Status.PENDING)


class ApprovalRequest(models.Model):
    """One request for money. It is decided once, and never by whoever made it."""

    class Status(models.TextChoices):
        """Where a request stands."""

        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant_id = models.UUIDField(editable=False)
    title = models.CharField(max_length=120)
    amount = models.DecimalField(
        "amount in euros",
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    purpose = models.TextField(max_length=2000)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
    )
    decided_at = models.DateTimeField(null=True, editable=False)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at", "-id")
        indexes = [
            models.Index(fields=("tenant_id", "-requested_at", "-id"), name="approvals_newest")
        ]
        permissions = [
            ("read", "Can read approval requests"),
            ("create", "Can ask for approval"),
            ("decide", "Can decide on approval requests"),
            ("export", "Can export approval requests"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_pending(self) -> bool:
        """Whether somebody may still decide."""
        return self.status == self.Status.PENDING

"""The request for money: its purpose, its requester and the decision on it."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from chassis.django.files.uploads import stored_name, validate_upload
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    """The reads: every query of the pages and the API about requests."""

    def for_tenant(self, tenant: UUID) -> Self:
        """Keep the requests of one tenant. Every read starts with this method."""
        return self.filter(tenant_id=tenant)

    def with_people(self) -> Self:
        """Load the requester and the decider in the same query, for code that shows them."""
        return self.select_related("requested_by", "decided_by")

    def pending(self) -> Self:
        """Keep the requests that wait for a decision."""
        return self.filter(status=ApprovalRequest.Status.PENDING)

    def matching(
        self,
        *,
        text: str = "",
        status: str = "",
        since: date | None = None,
        until: date | None = None,
    ) -> Self:
        """Keep the requests that match every filter. `since` and `until` are inclusive dates."""
        wanted = Q(title__icontains=text) | Q(purpose__icontains=text) if text else Q()
        if status:
            wanted &= Q(status=status)
        if since:
            wanted &= Q(requested_at__date__gte=since)
        if until:
            wanted &= Q(requested_at__date__lte=until)
        return self.filter(wanted)

    def totals(self) -> dict[str, Any]:
        """Return the number of requests (`count`) and their sum in euros (`total`) by status."""
        rows = self.order_by().values("status").annotate(count=Count("pk"), total=Sum("amount"))
        by_status: dict[str, Any] = {row["status"]: row for row in rows}
        nothing = {"count": 0, "total": Decimal(0)}
        return {status: by_status.get(status, nothing) for status in ApprovalRequest.Status.values}

    def by_month(self) -> list[tuple[date, Decimal]]:
        """Return the sum in euros of each month that has requests, oldest month first."""
        months = self.order_by().annotate(month=TruncMonth("requested_at")).values("month")
        rows = months.annotate(total=Sum("amount")).order_by("month")
        return [(row["month"].date(), row["total"]) for row in rows]


class ApprovalRequest(models.Model):
    """One request for money. It is decided once, and never by its requester."""

    class Status(models.TextChoices):
        """The state of a request."""

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
    attachment = models.FileField(upload_to=stored_name, blank=True, validators=[validate_upload])
    attachment_name = models.CharField(max_length=100, blank=True, editable=False)
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
    comment = models.TextField(max_length=1000, blank=True, editable=False)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at", "-id")
        indexes = [
            models.Index(fields=("tenant_id", "-requested_at", "-id"), name="approvals_newest")
        ]
        permissions = [
            ("read", "Can read approval requests"),
            ("create", "Can create approval requests"),
            ("decide", "Can decide on approval requests"),
            ("export", "Can export approval requests"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_pending(self) -> bool:
        """Return whether the request still waits for a decision."""
        return self.status == self.Status.PENDING

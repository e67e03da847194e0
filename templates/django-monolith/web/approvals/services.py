"""The writes: each is one transaction, and says with `by` who is responsible."""

from decimal import Decimal
from http import HTTPStatus
from uuid import UUID

from chassis.django.roles import denied, has_permission
from chassis.problems import ProblemError
from django.db import transaction
from django.utils import timezone

from web.accounts.models import User
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import DECIDE

Status = ApprovalRequest.Status


def submit(*, title: str, amount: Decimal, purpose: str, tenant: UUID, by: User) -> ApprovalRequest:
    """Ask for an amount in euros; `ValidationError` names every field that is not acceptable."""
    request = ApprovalRequest(
        title=title.strip(),
        amount=amount,
        purpose=purpose.strip(),
        tenant_id=tenant,
        requested_by=by,
    )
    request.full_clean()
    request.save()
    return request


def approve(*, approval: ApprovalRequest, by: User) -> ApprovalRequest:
    """Grant a request and give it as stored; a problem 403 or 409 says why that cannot be."""
    return _decide(approval, Status.APPROVED, by=by)


def reject(*, approval: ApprovalRequest, by: User) -> ApprovalRequest:
    """Turn a request down; refused in the same cases as `approve`."""
    return _decide(approval, Status.REJECTED, by=by)


@transaction.atomic
def _decide(approval: ApprovalRequest, status: Status, *, by: User) -> ApprovalRequest:
    # the row is locked, so that of two people who decide at once the second is told
    current = ApprovalRequest.objects.select_for_update().get(pk=approval.pk)
    _check_decision(current, by=by)
    current.status = status
    current.decided_by = by
    current.decided_at = timezone.now()
    current.save(update_fields=["status", "decided_by", "decided_at"])
    return current


def _check_decision(approval: ApprovalRequest, *, by: User) -> None:
    if not has_permission(by, DECIDE, tenant=approval.tenant_id):
        raise denied(DECIDE)
    if approval.requested_by_id == by.pk:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "permission-denied",
            "Somebody else has to decide on your own request.",
        )
    if not approval.is_pending:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "already-decided",
            f"“{approval}” is {approval.get_status_display().lower()} already.",
        )

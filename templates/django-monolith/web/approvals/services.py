"""The writes. Each one is a single transaction; `by` is the person who acts."""

from decimal import Decimal
from http import HTTPStatus
from uuid import UUID

from chassis.django.audit.trail import record
from chassis.django.files.uploads import Upload, shown_name
from chassis.django.people.roles import denied, has_permission, roles_of
from chassis.problems import ProblemError
from django.db import transaction
from django.utils import timezone

from web.accounts.models import User
from web.approvals import mails
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import DECIDE, LIMITS

Status = ApprovalRequest.Status


@transaction.atomic(durable=True)
def submit(
    *,
    title: str,
    amount: Decimal,
    purpose: str,
    tenant: UUID,
    by: User,
    attachment: Upload | None = None,
) -> ApprovalRequest:
    """Create a request for an amount in euros. `ValidationError` lists every invalid field."""
    request = ApprovalRequest(
        title=title.strip(),
        amount=amount,
        purpose=purpose.strip(),
        tenant_id=tenant,
        requested_by=by,
        attachment=attachment or "",
        attachment_name=shown_name(attachment.name or "") if attachment else "",
    )
    request.full_clean()
    request.save()
    record("approval.requested", actor=by, subject=request, after={"amount": str(amount)})
    mails.ask_reviewers(request)  # a job sends them, so a rollback sends nothing
    return request


def approve(*, approval: ApprovalRequest, by: User, comment: str = "") -> ApprovalRequest:
    """Approve a request and return it as stored. Raises a problem 403 or 409 with the reason."""
    return _decide(approval, Status.APPROVED, comment=comment, by=by)


def reject(*, approval: ApprovalRequest, by: User, comment: str = "") -> ApprovalRequest:
    """Reject a request and return it as stored. Raises the same problems as `approve`."""
    return _decide(approval, Status.REJECTED, comment=comment, by=by)


def limit_of(user: User, *, tenant: UUID) -> Decimal:
    """Return the highest limit, in euros, of a person's roles; infinite for a superuser."""
    if user.is_superuser:
        return Decimal("Infinity")
    held = roles_of(user, tenant)
    return max((limit for role, limit in LIMITS.items() if role in held), default=Decimal(0))


def obstacle(approval: ApprovalRequest, *, by: User) -> ProblemError | None:
    """Return the reason why a person may not decide on a request, or None if they may."""
    if not has_permission(by, DECIDE, tenant=approval.tenant_id):
        return denied(DECIDE)
    if approval.requested_by_id == by.pk:
        return _refusal("Another person must decide on your own request.")
    if approval.amount > (limit := limit_of(by, tenant=approval.tenant_id)):
        return _refusal(
            f"You may decide up to € {limit:,.2f}. This needs a person with a higher limit."
        )
    if approval.is_pending:
        return None
    return ProblemError(
        HTTPStatus.CONFLICT,
        "already-decided",
        f"“{approval}” is already {approval.get_status_display().lower()}.",
    )


@transaction.atomic(durable=True)
def _decide(
    approval: ApprovalRequest, status: Status, *, comment: str, by: User
) -> ApprovalRequest:
    # the row lock makes two simultaneous decisions wait: the second one is refused
    current = ApprovalRequest.objects.select_for_update().get(pk=approval.pk)
    if problem := obstacle(current, by=by):
        raise problem
    current.status = status
    current.comment = comment.strip()
    current.decided_by = by
    current.decided_at = timezone.now()
    current.clean_fields(exclude={"attachment"})
    current.save(update_fields=["status", "comment", "decided_by", "decided_at"])
    record("approval.decided", actor=by, subject=current, after={"status": status.value})
    mails.tell_decision(current)
    return current


def _refusal(sentence: str) -> ProblemError:
    return ProblemError(HTTPStatus.FORBIDDEN, "permission-denied", sentence)

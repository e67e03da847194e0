"""The rules for requests, for pages and API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID

import pytest
from chassis.django.models import AuditEvent
from chassis.problems import ProblemError
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import connection

from web.accounts.models import User
from web.accounts.roles import REVIEWER
from web.approvals import services
from web.approvals.models import ApprovalRequest
from web.tenancy import assign, settle

TENANT = UUID(int=7)


def test_new_request_is_pending(mia: User) -> None:
    """A new request waits for a decision."""
    made = services.submit(title="Pen", amount=Decimal(2), purpose="Ink.", tenant=TENANT, by=mia)
    assert made.is_pending
    assert [made] == list(ApprovalRequest.objects.for_tenant(TENANT).pending())


def test_request_for_nothing_is_refused(mia: User) -> None:
    """An amount has to be positive."""
    with pytest.raises(ValidationError, match="greater than or equal to"):
        services.submit(title="Air", amount=Decimal(0), purpose="Free.", tenant=TENANT, by=mia)


@pytest.mark.parametrize(
    ("decide", "status"), [(services.approve, "approved"), (services.reject, "rejected")]
)
def test_decision_is_recorded(
    approval: ApprovalRequest, ben: User, decide: Callable[..., ApprovalRequest], status: str
) -> None:
    """A decision stores who decided and when."""
    decide(approval=approval, by=ben)
    approval.refresh_from_db()
    assert (status, ben) == (approval.status, approval.decided_by)
    assert approval.decided_at is not None


def test_nobody_decides_without_permission(
    approval: ApprovalRequest, make_user: Callable[..., User]
) -> None:
    """A colleague without `approvals.decide` is refused."""
    with pytest.raises(ProblemError, match="You need the permission approvals:decide"):
        services.approve(approval=approval, by=make_user("noor"))


def test_nobody_decides_on_their_own_request(approval: ApprovalRequest, mia: User) -> None:
    """Not even an administrator can approve their own request."""
    mia.is_superuser = True
    mia.save()
    with pytest.raises(ProblemError, match="Another person must decide"):
        services.approve(approval=approval, by=mia)


def test_limit_of_the_role_counts(
    approval: ApprovalRequest, make_user: Callable[..., User], mia: User
) -> None:
    """A reviewer decides up to 5 000 euros; more needs a manager."""
    reviewer = make_user("rita")
    assign(REVIEWER, to=reviewer, tenant=approval.tenant_id)
    assert services.approve(approval=approval, by=reviewer).status == "approved"
    dear = services.submit(
        title="Van", amount=Decimal("5000.01"), purpose="Goods.", tenant=approval.tenant_id, by=mia
    )
    with pytest.raises(ProblemError, match=r"You may decide up to € 5,000\.00"):
        services.approve(approval=dear, by=reviewer)


def test_both_sides_get_a_mail(mia: User, ben: User, mailoutbox: list[EmailMessage]) -> None:
    """Reviewers get an email about a request; the requester gets the decision and its comment."""
    tenant = settle("Mia & Ben", [mia, ben])
    asked = services.submit(title="Pen", amount=Decimal(2), purpose="Ink.", tenant=tenant, by=mia)
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([ben.email], "Pending: Pen")]
    services.reject(approval=asked, by=ben, comment="We have pens.")
    assert mailoutbox[1].to == [mia.email]
    assert "Ben has rejected your request" in mailoutbox[1].body
    assert "We have pens." in mailoutbox[1].body


def test_decision_is_on_record(approval: ApprovalRequest, ben: User) -> None:
    """The audit trail names who decided and what."""
    services.approve(approval=approval, by=ben)
    event = AuditEvent.objects.get(action="approval.decided")
    assert (event.actor, event.subject) == (str(ben.pk), str(approval.pk))
    assert event.after == {"status": "approved"}


def test_decision_is_final(approval: ApprovalRequest, ben: User) -> None:
    """A request that was rejected cannot be approved later."""
    services.reject(approval=approval, by=ben)
    with pytest.raises(ProblemError, match="is already rejected") as refusal:
        services.approve(approval=approval, by=ben)
    assert refusal.value.status == 409


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_wins(approval: ApprovalRequest, ben: User) -> None:
    """Of two simultaneous decisions only one succeeds."""

    def approve(_: int) -> str:
        try:
            return services.approve(approval=approval, by=ben).status
        except ProblemError as refusal:
            return str(refusal.slug)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(approve, range(2))) == ["already-decided", "approved"]

"""The rules about requests, whoever calls."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID

import pytest
from chassis.problems import ProblemError
from django.core.exceptions import ValidationError
from django.db import connection

from web.accounts.models import User
from web.approvals import services
from web.approvals.models import ApprovalRequest

TENANT = UUID(int=7)


def test_new_request_is_pending(mia: User) -> None:
    """What was asked for waits for a decision."""
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
    """A decision keeps who made it and when."""
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
    """Four eyes: not even an administrator approves what they asked for."""
    mia.is_superuser = True
    mia.save()
    with pytest.raises(ProblemError, match="Somebody else has to decide"):
        services.approve(approval=approval, by=mia)


def test_decision_is_final(approval: ApprovalRequest, ben: User) -> None:
    """A request that was rejected cannot be approved later."""
    services.reject(approval=approval, by=ben)
    with pytest.raises(ProblemError, match="is rejected already") as refusal:
        services.approve(approval=approval, by=ben)
    assert refusal.value.status == 409


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_wins(approval: ApprovalRequest, ben: User) -> None:
    """Two people who press at the same moment do not both decide."""

    def approve(_: int) -> str:
        try:
            return services.approve(approval=approval, by=ben).status
        except ProblemError as refusal:
            return str(refusal.slug)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(approve, range(2))) == ["already-decided", "approved"]

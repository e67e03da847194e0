"""The back office."""

from collections.abc import Callable
from decimal import Decimal

from django.test import Client

from web.accounts.models import User
from web.approvals import services
from web.approvals.models import ApprovalRequest

LIST = "/admin/approvals/approvalrequest/"


def test_several_requests_are_approved_at_once(
    decider: Client, approval: ApprovalRequest, ben: User
) -> None:
    """The action asks first, approves what it can, and gives the reason for each refusal."""
    own = services.submit(
        title="Own", amount=Decimal(1), purpose="Mine.", tenant=approval.tenant_id, by=ben
    )
    form = {"action": "approve_selected", "_selected_action": [approval.pk, own.pk]}
    asked = decider.post(LIST, form).text
    assert "Approve these requests?" in asked
    assert "<li>New chair</li>" in asked
    approval.refresh_from_db()
    assert approval.is_pending
    form |= {"confirmed": "yes"}
    page = decider.post(LIST, form, follow=True).text
    assert "New chair: done." in page
    assert "Own: Another person must decide" in page
    approval.refresh_from_db()
    assert approval.status == "approved"


def test_back_office_changes_no_request(decider: Client, approval: ApprovalRequest) -> None:
    """The back office can show requests, but not change or add them."""
    assert decider.get(f"{LIST}{approval.pk}/change/").status_code == 200
    assert decider.get(f"{LIST}add/").status_code == 403


def test_back_office_deletes_no_request(
    make_user: Callable[..., User], approval: ApprovalRequest
) -> None:
    """Not even an administrator can delete a request, neither one nor with the bulk action."""
    browser = Client()
    browser.force_login(make_user("root", is_staff=True, is_superuser=True))
    assert browser.post(f"{LIST}{approval.pk}/delete/", {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [approval.pk], "post": "yes"}
    browser.post(LIST, form)
    assert ApprovalRequest.objects.filter(pk=approval.pk).exists()

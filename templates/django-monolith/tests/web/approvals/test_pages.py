"""The pages in a browser."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from web.accounts.models import User
from web.approvals.models import ApprovalRequest

FORM = {"title": "Desk lamp", "amount": "39.90", "purpose": "It is dark here in winter."}


def test_front_page_offers_approvals(browser: Client) -> None:
    """An installed app is in the menu."""
    assert 'href="/approvals/"' in browser.get("/").text


def test_list_shows_requests(browser: Client, approval: ApprovalRequest) -> None:
    """The list shows a request with its requester and amount."""
    page = browser.get("/approvals/").text
    for text in (approval.title, "Mia", "250.00", "Pending"):
        assert text in page


def test_list_can_be_narrowed(browser: Client, approval: ApprovalRequest) -> None:
    """`?status=` filters the list; an invalid value is ignored."""
    assert approval.title not in browser.get("/approvals/?status=rejected").text
    assert approval.title in browser.get("/approvals/?status=nonsense").text


def test_list_of_fifty_takes_as_many_queries_as_of_one(
    browser: Client, mia: User, approval: ApprovalRequest
) -> None:
    """One query loads the requests with all names."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert approval.title in browser.get("/approvals/").text
        return len(asked)

    of_one = queries()
    ApprovalRequest.objects.bulk_create(
        ApprovalRequest(
            title=f"Pen {number}",
            amount=Decimal(1),
            purpose="Ink.",
            tenant_id=approval.tenant_id,
            requested_by=mia,
            requested_at=approval.requested_at - timedelta(days=1),
        )
        for number in range(49)
    )
    assert of_one == queries() <= 8


def test_new_request_leads_to_its_page(browser: Client, mia: User) -> None:
    """After the form the requester sees the new request."""
    response = browser.post("/approvals/new", FORM, follow=True)
    assert "is waiting for a decision" in response.text
    assert ApprovalRequest.objects.get().requested_by == mia


@pytest.mark.parametrize("wrong", [{"amount": "-5"}, {"title": ""}, {"purpose": "\0"}])
def test_wrong_form_is_shown_again(browser: Client, wrong: dict[str, str]) -> None:
    """The form keeps the input, and shows the error next to it."""
    response = browser.post("/approvals/new", FORM | wrong)
    assert response.status_code == 200
    assert "errorlist" in response.text
    assert ApprovalRequest.objects.count() == 0


def test_whoever_may_decide_gets_the_buttons(
    browser: Client, decider: Client, approval: ApprovalRequest
) -> None:
    """The requester sees no button to decide, the decider does."""
    page = f"/approvals/{approval.pk}"
    assert "Reject</button>" in decider.get(page).text
    assert "Reject</button>" not in browser.get(page).text


def test_decision_is_made_on_the_page(decider: Client, approval: ApprovalRequest) -> None:
    """The button Approve approves; a second click gets a message."""
    approve = f"/approvals/{approval.pk}/approve"
    assert decider.post(approve, {"comment": "x" * 1001}).status_code == 200
    assert ApprovalRequest.objects.get().is_pending
    assert "is approved." in decider.post(approve, follow=True).text
    assert "is already approved." in decider.post(approve, follow=True).text


def test_decision_needs_a_form_of_ours(approval: ApprovalRequest, ben: User) -> None:
    """A page of another site cannot make a browser decide."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(ben)
    assert client.post(f"/approvals/{approval.pk}/approve").status_code == 403
    assert client.get(f"/approvals/{approval.pk}/approve").status_code == 405


def test_request_of_another_tenant_does_not_exist(
    decider: Client, approval: ApprovalRequest
) -> None:
    """Neither the list nor the detail page shows a request of another tenant."""
    ApprovalRequest.objects.update(tenant_id=UUID(int=9))
    assert approval.title not in decider.get("/approvals/").text
    for path in ("", "/attachment"):
        assert decider.get(f"/approvals/{approval.pk}{path}").status_code == 404
    for path in ("/approve", "/reject"):
        assert decider.post(f"/approvals/{approval.pk}{path}").status_code == 404
    assert approval.title not in decider.get("/approvals/report.csv").getvalue().decode()

"""The GraphQL API, spoken as a script in a signed-in browser speaks it."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from web.accounts.models import User
from web.approvals.models import ApprovalRequest

URL = "/api/graphql"
LIST = "query($limit: Int = 20) { approvals(limit: $limit) { count items { id title status } } }"
CREATE = """mutation($amount: Decimal!) {
  createApproval(title: "Desk lamp", amount: $amount, purpose: "It is dark here.") {
    status requestedById
  }
}"""
DECIDE = "mutation($id: UUID!) { decideApproval(id: $id, status: APPROVED) { status } }"


def ask(client: Client, query: str, **variables: Any) -> Any:
    """Send a query and give the decoded answer."""
    body = {"query": query, "variables": variables}
    return client.post(URL, body, content_type="application/json").json()


@pytest.mark.django_db
def test_stranger_gets_a_problem() -> None:
    """Without a session every query answers 401 as problem details."""
    response = Client().post(URL, {"query": LIST}, content_type="application/json")
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"


def test_list_is_a_page_of_requests(browser: Client, approval: ApprovalRequest) -> None:
    """The list gives the items and how many there are."""
    page = ask(browser, LIST)["data"]["approvals"]
    item = {"id": str(approval.pk), "title": "New chair", "status": "PENDING"}
    assert page == {"count": 1, "items": [item]}


def test_list_is_bounded(browser: Client, approval: ApprovalRequest) -> None:
    """A limit that is far too large gives what is allowed."""
    assert ask(browser, LIST, limit=1_000_000)["data"]["approvals"]["count"] == 1


def test_create_asks_in_the_callers_name(browser: Client, mia: User) -> None:
    """A new request is Mia's and pending."""
    made = ask(browser, CREATE, amount="39.90")["data"]["createApproval"]
    assert made == {"status": "PENDING", "requestedById": str(mia.pk)}


def test_create_refuses_what_the_form_refuses(browser: Client) -> None:
    """A mistake is named by its field."""
    problem = ask(browser, CREATE, amount="-1")["errors"][0]["extensions"]
    assert problem["status"] == 422
    assert problem["errors"][0]["loc"] == ["body", "amount"]


def test_decision_is_made_once(decider: Client, approval: ApprovalRequest) -> None:
    """The first decision counts, the second gets a conflict."""
    first = ask(decider, DECIDE, id=str(approval.pk))
    assert first["data"]["decideApproval"]["status"] == "APPROVED"
    refusal = ask(decider, DECIDE, id=str(approval.pk))["errors"][0]
    assert refusal["extensions"]["type"] == "/problems/already-decided"


def test_decision_needs_permission(browser: Client, approval: ApprovalRequest) -> None:
    """Mia may not decide."""
    refusal = ask(browser, DECIDE, id=str(approval.pk))["errors"][0]
    assert refusal["message"] == "You need the permission approvals:decide for this."
    assert refusal["extensions"]["status"] == 403


def test_foreign_request_does_not_exist(decider: Client, approval: ApprovalRequest) -> None:
    """Another tenant's request is neither listed nor decided."""
    ApprovalRequest.objects.update(tenant_id=UUID(int=9))
    assert ask(decider, LIST)["data"]["approvals"]["count"] == 0
    assert ask(decider, DECIDE, id=str(approval.pk))["errors"][0]["extensions"]["status"] == 404


def test_crash_tells_nothing(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What broke is for the log, not for the caller."""
    monkeypatch.delattr("web.approvals.api.bounded")
    error = ask(browser, LIST)["errors"][0]
    assert error["message"] == "Something broke on our side."


def test_deep_query_is_refused(browser: Client) -> None:
    """A query that nests without end costs nothing."""
    deep = "{ __schema { types " + "{ fields { type " * 6 + "{ name }" + " } }" * 6 + " } }"
    assert "depth exceeded" in ask(browser, deep)["errors"][0]["message"]


def test_write_needs_the_csrf_token(mia: User) -> None:
    """A foreign page cannot write with Mia's session."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia)
    response = client.post(URL, {"query": CREATE}, content_type="application/json")
    assert response.status_code == 403

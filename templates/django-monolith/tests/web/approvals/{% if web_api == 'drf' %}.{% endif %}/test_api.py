"""The API, spoken as a script in a signed-in browser speaks it."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from web.accounts.models import User
from web.approvals.models import ApprovalRequest

URL = "/api/approvals/"
BODY = {"title": "Desk lamp", "amount": "39.90", "purpose": "It is dark here in winter."}


def post(client: Client, url: str, body: dict[str, Any]) -> Any:
    """Send JSON and give the response."""
    return client.post(url, body, content_type="application/json")


@pytest.mark.django_db
def test_stranger_gets_a_problem() -> None:
    """Without a session every operation answers 401 as problem details."""
    for response in (Client().get(URL), post(Client(), URL, BODY)):
        assert response.status_code == 401
        assert response.headers["Content-Type"] == "application/problem+json"


def test_list_is_a_page_of_requests(browser: Client, approval: ApprovalRequest) -> None:
    """The list gives the items and how many there are."""
    page = browser.get(f"{URL}?status=pending&limit=1").json()
    assert page["count"] == 1
    assert page["results"][0]["id"] == str(approval.pk)
    assert page["results"][0]["amount"] == "250.00"


def test_list_is_bounded(browser: Client, approval: ApprovalRequest) -> None:
    """Nobody asks for everything at once, or for nonsense."""
    assert browser.get(f"{URL}?limit=1000000").json()["results"]
    assert browser.get(f"{URL}?status=lost").status_code == 422


def test_create_asks_in_the_callers_name(browser: Client, mia: User) -> None:
    """A new request is Mia's and pending."""
    response = post(browser, URL, BODY)
    assert response.status_code == 201
    assert response.json()["requested_by"] == str(mia.pk)
    assert response.json()["status"] == "pending"


@pytest.mark.parametrize("wrong", [{"amount": "-1"}, {"title": "a\0b"}, {"purpose": " "}])
def test_create_refuses_what_the_form_refuses(browser: Client, wrong: dict[str, str]) -> None:
    """A mistake is named, and the refused value is not repeated."""
    response = post(browser, URL, BODY | wrong)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][-1] == next(iter(wrong))
    assert "input" not in response.text


def test_decision_is_made_once(decider: Client, approval: ApprovalRequest) -> None:
    """The first decision counts, the second gets a conflict."""
    url = f"{URL}{approval.pk}/decision"
    assert post(decider, url, {"status": "approved"}).json()["status"] == "approved"
    refusal = post(decider, url, {"status": "rejected"})
    assert refusal.status_code == 409
    assert refusal.json()["type"] == "/problems/already-decided"


def test_decision_needs_permission(browser: Client, approval: ApprovalRequest) -> None:
    """Mia may not decide."""
    response = post(browser, f"{URL}{approval.pk}/decision", {"status": "approved"})
    assert response.status_code == 403
    assert response.json()["detail"] == "You need the permission approvals:decide for this."


def test_foreign_request_does_not_exist(decider: Client, approval: ApprovalRequest) -> None:
    """Another tenant's request is neither listed nor decided."""
    ApprovalRequest.objects.update(tenant_id=UUID(int=9))
    assert decider.get(URL).json()["count"] == 0
    response = post(decider, f"{URL}{approval.pk}/decision", {"status": "approved"})
    assert response.status_code == 404


def test_write_needs_the_csrf_token(mia: User) -> None:
    """A foreign page cannot write with Mia's session."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia)
    response = post(client, URL, BODY)
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"


def test_schema_lists_the_operations(browser: Client) -> None:
    """The OpenAPI document names the three operations."""
    schema = browser.get("/api/schema", headers={"accept": "application/json"}).json()
    assert set(schema["paths"]) >= {"/api/approvals/", "/api/approvals/{id}/decision"}

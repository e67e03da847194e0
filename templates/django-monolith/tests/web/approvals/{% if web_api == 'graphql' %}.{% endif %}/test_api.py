"""The GraphQL API, called by a signed-in browser and by a program with an API key."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from chassis.django.api import tokens
from django.test import Client

from web.accounts.models import User
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import READ
from web.tenancy import tenant_of

URL = "/api/graphql"
LIST = """query($limit: Int = 20, $after: String) {
  approvals(limit: $limit, after: $after) { items { id title status } nextCursor }
}"""
READ_ONE = "query($id: UUID!) { approval(id: $id) { title comment } }"
CREATE = """mutation($title: String = "Desk lamp", $amount: Decimal!) {
  createApproval(title: $title, amount: $amount, purpose: "It is dark here.") {
    id status requestedById
  }
}"""
DECIDE = """mutation($id: UUID!) {
  decideApproval(id: $id, status: APPROVED, comment: "Fine.") { status comment }
}"""


def ask(client: Client, query: str, *, key: str | None = None, **variables: Any) -> Any:
    """Send a query and return the response."""
    body = {"query": query, "variables": variables}
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(URL, body, content_type="application/json", headers=headers)


@pytest.fixture
def program(mia: User) -> Client:
    """Return a program with an API key of Mia that may only read."""
    _, key = tokens.create_key(
        mia, tenant=tenant_of(mia), name="t", permissions=[READ], lifetime=timedelta(days=1)
    )
    return Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {key}"})


@pytest.mark.django_db
def test_stranger_gets_a_problem() -> None:
    """Without a session or a token every query answers 401 as problem details."""
    response = ask(Client(), LIST)
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"


def test_list_comes_in_pages(browser: Client, approval: ApprovalRequest) -> None:
    """Each page has the cursor of the next one, newest first; the last page has none."""
    made = ask(browser, CREATE, amount="39.90").json()["data"]["createApproval"]
    first = ask(browser, LIST, limit=1).json()["data"]["approvals"]
    second = ask(browser, LIST, after=first["nextCursor"]).json()["data"]["approvals"]
    assert [item["id"] for item in first["items"]] == [made["id"]]
    assert second["items"] == [{"id": str(approval.pk), "title": "New chair", "status": "PENDING"}]
    assert second["nextCursor"] is None


@pytest.mark.parametrize("wrong", [{"limit": 201}, {"limit": -1}, {"after": "nonsense"}])
def test_list_is_bounded(browser: Client, wrong: dict[str, Any]) -> None:
    """An unlimited page size and an invalid cursor are refused."""
    assert ask(browser, LIST, **wrong).status_code in (400, 422)


def test_create_asks_in_the_callers_name(browser: Client, mia: User) -> None:
    """A new request belongs to Mia, is pending, and can be read."""
    made = ask(browser, CREATE, amount="39.90").json()["data"]["createApproval"]
    assert (made["status"], made["requestedById"]) == ("PENDING", str(mia.pk))
    read = ask(browser, READ_ONE, id=made["id"]).json()
    assert read == {"data": {"approval": {"title": "Desk lamp", "comment": ""}}}


@pytest.mark.parametrize("wrong", ["-1", "10000000000.00", "0.001"])
def test_create_refuses_what_the_form_refuses(browser: Client, wrong: str) -> None:
    """An error names its field, and the status is 422."""
    response = ask(browser, CREATE, amount=wrong)
    problem = response.json()["errors"][0]["extensions"]
    assert (response.status_code, problem["status"]) == (422, 422)
    assert problem["errors"][0]["loc"] == ["body", "amount"]


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "1e400", "lots"])
def test_amounts_are_numbers(browser: Client, wrong: str) -> None:
    """An invalid amount is refused."""
    assert ask(browser, CREATE, amount=wrong).status_code in (400, 422)


@pytest.mark.parametrize("title", ["a\0b", "\ud800", "a" * 121])
def test_text_is_checked(browser: Client, title: str) -> None:
    """A text that the database cannot store is refused."""
    assert ask(browser, CREATE, amount="1", title=title).status_code == 422


def test_decision_is_made_once(decider: Client, approval: ApprovalRequest) -> None:
    """The first decision succeeds, the second gets a 409."""
    first = ask(decider, DECIDE, id=str(approval.pk)).json()["data"]["decideApproval"]
    assert first == {"status": "APPROVED", "comment": "Fine."}
    refusal = ask(decider, DECIDE, id=str(approval.pk))
    assert refusal.status_code == 409
    extensions = refusal.json()["errors"][0]["extensions"]
    assert extensions["type"] == "/problems/already-decided"


def test_decision_needs_permission(browser: Client, approval: ApprovalRequest) -> None:
    """Mia may not decide."""
    refusal = ask(browser, DECIDE, id=str(approval.pk))
    assert refusal.status_code == 403
    message = refusal.json()["errors"][0]["message"]
    assert message == "You need the permission approvals:decide for this."


def test_foreign_request_does_not_exist(decider: Client, approval: ApprovalRequest) -> None:
    """Another tenant's request is neither listed, read nor decided."""
    ApprovalRequest.objects.update(tenant_id=UUID(int=9))
    assert ask(decider, LIST).json()["data"]["approvals"]["items"] == []
    for query in (READ_ONE, DECIDE):
        assert ask(decider, query, id=str(approval.pk)).status_code == 404


def test_retry_gets_the_first_answer(browser: Client) -> None:
    """Two calls with the same idempotency key create one request."""
    first, again = (ask(browser, CREATE, key="k1", amount="39.90") for _ in range(2))
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ApprovalRequest.objects.count() == 1


def test_key_does_what_it_names(program: Client, browser: Client) -> None:
    """A program reads what Mia may read, without a CSRF token, and cannot write."""
    made = ask(browser, CREATE, amount="39.90").json()["data"]["createApproval"]
    assert ask(program, READ_ONE, id=made["id"]).status_code == 200
    refusal = ask(program, CREATE, amount="1")
    message = refusal.json()["errors"][0]["message"]
    assert message == "You need the permission approvals:create for this."


def test_crash_tells_nothing(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The response does not contain the details of an internal error."""
    monkeypatch.delattr("web.approvals.api.newest_first")
    response = ask(browser, LIST)
    assert response.status_code == 500
    assert response.json()["errors"][0]["message"] == "Something went wrong on our side"


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types " + "{ fields { type " * 6 + "{ name }" + " } }" * 6 + " } }",
        "{ " + " ".join(f"a{i}: __typename" for i in range(16)) + " }",
        "{ approvals(limit: 200) { items { id requestedById } nextCursor } "
        + " ".join(f"b{i}: approvals(limit: 200) " + "{ items { id } }" for i in range(9))
        + " }",
    ],
    ids=["deep", "aliases", "cost"],
)
def test_query_is_bounded(browser: Client, query: str) -> None:
    """A query that is too large is refused before it runs."""
    assert ask(browser, query).status_code == 400


def test_write_needs_the_csrf_token(mia: User) -> None:
    """A page of another site cannot write with Mia's session."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia)
    assert ask(client, CREATE, amount="1").status_code == 403

"""The API, called by a script in a signed-in browser and by a program with an API key."""

from base64 import b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.django.api import tokens
from django.test import Client

from web.accounts.models import User
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import READ
from web.tenancy import tenant_of

URL = "/api/approvals/"
BODY = {"title": "Desk lamp", "amount": "39.90", "purpose": "It is dark here in winter."}
PDF = b"%PDF-1.7 a quote"
PROBLEM = "application/problem+json"


def post(client: Client, url: str, body: Any, **headers: str) -> Any:
    """Send JSON and return the response."""
    return client.post(url, body, content_type="application/json", headers=headers)


def attached(name: str, content: bytes) -> dict[str, Any]:
    """Return the body of a request with an attachment."""
    return BODY | {"attachment": {"name": name, "content": b64encode(content).decode()}}


@pytest.fixture
def program(mia: User) -> Client:
    """Return a program with an API key of Mia that may only read."""
    _, key = tokens.create_key(
        mia, tenant=tenant_of(mia), name="t", permissions=[READ], lifetime=timedelta(days=1)
    )
    return Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {key}"})


@pytest.mark.django_db
def test_stranger_gets_a_problem() -> None:
    """Without a session or a token every operation answers 401 as problem details."""
    wrong = Client(headers={"authorization": "Bearer rbk_none"})
    for response in (Client().get(URL), post(Client(), URL, BODY), wrong.get(URL)):
        assert response.status_code == 401
        assert response.headers["Content-Type"] == PROBLEM
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_list_comes_in_pages(browser: Client, approval: ApprovalRequest) -> None:
    """Each page has the cursor of the next one, newest first; the last page has none."""
    made = post(browser, URL, BODY).json()
    first = browser.get(f"{URL}?status=pending&limit=1").json()
    second = browser.get(f"{URL}?limit=1&after={first['next_cursor']}").json()
    assert [item["id"] for item in first["items"]] == [made["id"]]
    assert [item["id"] for item in second["items"]] == [str(approval.pk)]
    assert second["items"][0]["amount"] == "250.00"
    assert second["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=201", "limit=0", "after=nonsense", "status=lost"])
def test_list_is_bounded(browser: Client, query: str) -> None:
    """An unlimited page size and an invalid cursor are refused."""
    response = browser.get(f"{URL}?{query}")
    assert response.status_code == 422
    assert response.json()["type"] == "/problems/validation"


def test_create_asks_in_the_callers_name(browser: Client, mia: User) -> None:
    """A new request belongs to Mia, is pending, and can be read."""
    response = post(browser, URL, BODY)
    assert response.status_code == 201
    assert response.json()["requested_by"] == str(mia.pk)
    assert response.json()["status"] == "pending"
    assert browser.get(f"{URL}{response.json()['id']}").json() == response.json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "-1"},
        {"amount": "NaN"},
        {"amount": "1e400"},
        {"amount": "10000000000.00"},
        {"title": "a\0b"},
        {"title": "a" * 121},
        {"title": "\ud800"},
        {"purpose": " "},
        {"attachment": {"name": "a.pdf", "content": "no base64!"}},
        {"attachment": {"content": "c2VjcmV0"}},
        {"attachment": "c2VjcmV0"},
        {"attachment": {"name": "a.svg", "content": "PHN2Zz4="}},
    ],
)
def test_create_refuses_what_the_form_refuses(browser: Client, wrong: dict[str, Any]) -> None:
    """An error names its field and does not repeat the refused value."""
    response = post(browser, URL, BODY | wrong)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", next(iter(wrong))]
    assert "c2VjcmV0" not in response.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 422),
        ('{"amount": NaN}', "application/json", 422),
        ("[" * 100_000, "application/json", 422),
        (f'{{"title": {"[" * 50}{"]" * 50}}}', "application/json", 422),
        ("title=Lamp", "application/x-www-form-urlencoded", 415),
        (b" " * 8_000_001, "application/json", 413),
    ],
    ids=["cut", "nan", "deep", "nested", "form", "large"],
)
def test_nonsense_is_a_problem(browser: Client, body: str | bytes, kind: str, status: int) -> None:
    """A body that is not JSON, too deep, too large or of another type gets its own status."""
    response = browser.generic("POST", URL, body, content_type=kind)
    assert response.status_code == status
    assert response.headers["Content-Type"] == PROBLEM


def test_other_methods_are_refused(browser: Client) -> None:
    """An unknown path or method also gets problem details."""
    response = browser.delete(URL)
    assert response.status_code == 405
    assert response.headers["Content-Type"] == PROBLEM


def test_text_comes_back_as_it_was(browser: Client) -> None:
    """The API returns markup unchanged, as text; clients must escape it."""
    title = "<script>alert(1)</script> & {{ 7*7 }}"
    assert post(browser, URL, BODY | {"title": title}).json()["title"] == title


def test_attachment_is_given_back_to_be_saved(browser: Client) -> None:
    """An attachment keeps its name without folders, and is returned as a download."""
    made = post(browser, URL, attached("../etc/Quote.pdf", PDF)).json()
    assert made["attachment_name"] == "Quote.pdf"
    response = browser.get(f"{URL}{made['id']}/attachment")
    assert b"".join(response) == PDF
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == 'attachment; filename="Quote.pdf"'


def test_decision_is_made_once(decider: Client, approval: ApprovalRequest) -> None:
    """The first decision succeeds, the second gets a 409."""
    url = f"{URL}{approval.pk}/decision"
    decided = post(decider, url, {"status": "approved", "comment": "Fine."}).json()
    assert (decided["status"], decided["comment"]) == ("approved", "Fine.")
    refusal = post(decider, url, {"status": "rejected"})
    assert refusal.status_code == 409
    assert refusal.json()["type"] == "/problems/already-decided"


def test_decision_needs_permission(browser: Client, approval: ApprovalRequest) -> None:
    """Mia may not decide."""
    response = post(browser, f"{URL}{approval.pk}/decision", {"status": "approved"})
    assert response.status_code == 403
    assert response.json()["detail"] == "You need the permission approvals:decide for this."


def test_foreign_request_does_not_exist(decider: Client, approval: ApprovalRequest) -> None:
    """Another tenant's request is neither listed, read nor decided."""
    ApprovalRequest.objects.update(tenant_id=UUID(int=9))
    assert decider.get(URL).json()["items"] == []
    responses = [
        decider.get(f"{URL}{approval.pk}"),
        decider.get(f"{URL}{approval.pk}/attachment"),
        decider.get(f"{URL}{uuid4()}"),
        post(decider, f"{URL}{approval.pk}/decision", {"status": "approved"}),
    ]
    assert [response.status_code for response in responses] == [404] * 4


def test_retry_gets_the_first_answer(browser: Client) -> None:
    """The same idempotency key creates one request; with another body it is refused."""
    first, again = (post(browser, URL, BODY, idempotency_key="k1") for _ in range(2))
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = post(browser, URL, BODY | {"amount": "1"}, idempotency_key="k1")
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert ApprovalRequest.objects.count() == 1


def test_key_does_what_it_names(program: Client, browser: Client) -> None:
    """A program reads what Mia may read, without a CSRF token, and cannot write."""
    made = post(browser, URL, BODY).json()
    assert program.get(f"{URL}{made['id']}").json() == made
    response = post(program, URL, BODY)
    assert response.json()["detail"] == "You need the permission approvals:create for this."


def test_key_stops_with_its_person(program: Client, mia: User) -> None:
    """The API key of a deactivated person does not work."""
    mia.is_active = False
    mia.save()
    assert program.get(URL).status_code == 401


def test_write_needs_the_csrf_token(mia: User) -> None:
    """A page of another site cannot write with Mia's session."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia)
    response = post(client, URL, BODY)
    assert response.status_code == 403
    assert response.json()["type"] == "/problems/foreign-request"

"""Support staff acting for a customer: who may, how long, what is blocked and what is recorded."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
)
from django.contrib.auth.models import Permission, User
from django.test import Client

from chassis.django.models import AuditEvent
from chassis.django.people import impersonation

pytestmark = pytest.mark.django_db
START = "/support/impersonate/"
END = "/support/impersonate/end/"
REASON = "Ticket 4711: the list is empty"
SECRET = "A" * 32
PASSWORD = "a long enough phrase"


@pytest.fixture
def mia() -> User:
    """A customer."""
    return User.objects.create_user("mia", "mia@example.com", PASSWORD)


@pytest.fixture(autouse=True)
def by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find customers of this site by address; a service's user has no other name."""
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")


@pytest.fixture
def sam() -> User:
    """Somebody of the support staff."""
    user = User.objects.create_user("sam", "sam@example.com", PASSWORD, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="impersonate"))
    TOTP.activate(user, SECRET)
    return user


@pytest.fixture
def support(sam: User) -> Client:
    """Sam's browser, with a recent proof of who sits there."""
    return proven(sam)


def proven(user: User) -> Client:
    """Sign somebody in and have them prove once more who they are."""
    browser = Client()
    browser.force_login(user)
    if user.is_staff:
        shown = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
        browser.post("/accounts/2fa/reauthenticate/", {"code": shown})
    else:
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def begin(browser: Client, email: str = "mia@example.com", reason: str = REASON) -> Any:
    """Fill in the form."""
    return browser.post(START, {"email": email, "reason": reason})


def test_support_sees_what_the_customer_sees(support: Client, mia: User, sam: User) -> None:
    """Whoever begins is the customer until they stop; a banner says so on every page."""
    assert begin(support).status_code == 302
    assert support.get("/whoami").content == b"mia"
    support.post(END)
    assert support.get("/whoami").content == b"sam"
    found = AuditEvent.objects.order_by("id").values_list("action", "actor", "impersonator")
    actor, customer = str(sam.pk), str(mia.pk)
    assert list(found)[-4:] == [
        ("impersonation.started", actor, None),
        ("thing.done", customer, actor),
        ("impersonation.ended", actor, actor),
        ("thing.done", actor, None),
    ]
    started = AuditEvent.objects.get(action="impersonation.started")
    assert (started.subject, started.after) == (customer, {"reason": REASON})


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
def test_nobody_acts_for_staff(support: Client, mia: User, flag: str) -> None:
    """Not for a colleague nor for a superuser, not even when the customer becomes one meanwhile."""
    begin(support)
    setattr(mia, flag, True)
    mia.save()
    assert support.get("/whoami").content == b"sam"
    assert "There is no customer" in begin(support).content.decode()
    assert support.get("/whoami").content == b"sam"


@pytest.mark.parametrize("reason", ["", "because"])
def test_reason_is_wanted(support: Client, mia: User, reason: str) -> None:
    """Without a sentence that says why nothing begins."""
    assert begin(support, reason=reason).status_code == 200
    assert support.get("/whoami").content == b"sam"


def test_permission_is_wanted(mia: User, sam: User) -> None:
    """Staff without the permission, and customers, are refused."""
    sam.user_permissions.clear()
    for person in (sam, mia):
        assert begin(proven(person)).status_code == 403


def test_recent_proof_is_wanted(mia: User, sam: User) -> None:
    """A session that lies open is not enough."""
    browser = Client()
    browser.force_login(sam)
    assert begin(browser).headers["Location"].startswith("/accounts/reauthenticate/")


def test_it_ends_after_half_an_hour(support: Client, mia: User) -> None:
    """Then the support person is who they are, and the trail says so."""
    begin(support)
    session = support.session
    state = session["chassis.impersonation"]
    state["since"] = time.time() - impersonation.LIMIT_SECONDS
    session["chassis.impersonation"] = state
    session.save()
    assert support.get("/whoami").content == b"sam"
    assert AuditEvent.objects.filter(action="impersonation.ended").exists()


def test_it_ends_with_the_permission(support: Client, mia: User, sam: User) -> None:
    """Whoever loses the permission loses the customer's place at the next request."""
    begin(support)
    sam.user_permissions.clear()
    assert support.get("/whoami").content == b"sam"


def test_it_ends_with_the_second_factor(support: Client, mia: User, sam: User) -> None:
    """Staff whose second factor was removed have to enroll, whoever they are acting for."""
    begin(support)
    Authenticator.objects.filter(user=sam).delete()
    assert support.get("/whoami").headers["Location"] == "/accounts/2fa/"
    assert AuditEvent.objects.filter(action="impersonation.ended").exists()


@pytest.mark.parametrize(
    "page",
    [
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/sessions/",
        "/accounts/reauthenticate/",
        "/admin/",
        "/identity/o/authorize",
        "/identity/o/api/token",
        "/export",
        "/key",
        START,
    ],
)
def test_what_outlasts_it_is_blocked(support: Client, mia: User, page: str) -> None:
    """Nothing that lets somebody in later, or data out, is done for somebody else."""
    begin(support)
    assert support.get(page).status_code == 403
    assert support.post(page, {"password": PASSWORD}).status_code == 403
    assert support.get("/whoami").content == b"mia"


def test_banner_offers_the_way_back(support: Client, mia: User) -> None:
    """The frame of every page says who acts for whom."""
    form = support.get(START).content.decode()
    assert "You act for" not in form
    begin(support)
    assert "You act for" in support.get("/banner").content.decode()


def test_a_page_for_nobody_costs_no_query(support: Client, django_assert_num_queries: Any) -> None:
    """Who acts for whom is found out when somebody asks who is signed in, not before."""
    with django_assert_num_queries(0):
        assert support.get("/public/fine").status_code == 200


def test_signing_out_ends_it(support: Client, mia: User, sam: User) -> None:
    """The trail says who left: the support person, who stopped before, and not the customer."""
    begin(support)
    support.post("/accounts/logout/")
    assert "_auth_user_id" not in support.session
    found = AuditEvent.objects.order_by("id").values_list("action", "actor", "impersonator")
    actor = str(sam.pk)
    assert list(found)[-2:] == [
        ("impersonation.ended", actor, actor),
        ("user.signed_out", actor, None),
    ]

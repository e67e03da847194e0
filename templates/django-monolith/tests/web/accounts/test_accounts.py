"""Sign-up, sign-in, sign-out, and access to the back office."""

import io
import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from tests.web.conftest import PASSWORD, prove
from web.accounts.models import User


def link_in_mail() -> str:
    """Return the path of the link in the newest email."""
    match = re.search(r"https?://[^/\s]+(/\S+)", str(mail.outbox[-1].body))
    assert match is not None
    return match.group(1)


NEWCOMER = {"email": "Noor@Example.com", "password1": PASSWORD, "password2": PASSWORD}


@pytest.mark.django_db
def test_stranger_cannot_sign_up() -> None:
    """Sign-up is closed by default, because a new account can read the company's data."""
    assert "closed" in Client().post("/accounts/signup/", NEWCOMER).text
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/", "/accounts/login/"])
@pytest.mark.parametrize("is_open", [True, False])
def test_sign_up_is_offered_where_it_is_open(settings: Settings, page: str, is_open: bool) -> None:
    """A page offers sign-up only if it is open."""
    settings.SIGN_UP_OPEN = is_open
    assert is_open == ("/accounts/signup/" in Client().get(page).text)


@pytest.mark.django_db
def test_sign_up_needs_the_mail_to_arrive(settings: Settings) -> None:
    """A new account works only after the person opened the link in the email."""
    settings.SIGN_UP_OPEN = True
    browser = Client()
    sent = browser.post("/accounts/signup/", NEWCOMER)
    assert sent.headers["Location"].endswith("confirm-email/")
    assert User.objects.get().email == "noor@example.com"
    assert browser.get("/accounts/email/").status_code == 302
    browser.post(link_in_mail())
    login = browser.post("/accounts/login/", {"login": "noor@example.com", "password": PASSWORD})
    assert login.headers["Location"] == "/"
    assert browser.get("/accounts/email/").status_code == 200


def test_login_takes_the_address_in_any_case(mia: User) -> None:
    """An address is the same in upper case."""
    browser = Client()
    browser.post("/accounts/login/", {"login": "MIA@example.com", "password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(mia.pk)


def test_wrong_password_is_refused(mia: User) -> None:
    """A wrong password shows the form again."""
    browser = Client()
    response = browser.post("/accounts/login/", {"login": mia.email, "password": "no"})
    assert response.status_code == 200
    assert "_auth_user_id" not in browser.session


def test_login_is_throttled(mia: User) -> None:
    """After a few wrong attempts even the right password is refused."""
    browser = Client()
    for _ in range(11):
        browser.post("/accounts/login/", {"login": mia.email, "password": "no"})
    browser.post("/accounts/login/", {"login": mia.email, "password": PASSWORD})
    assert "_auth_user_id" not in browser.session


def test_forgotten_password_is_replaced_by_mail(mia: User) -> None:
    """The link in the email opens a form for a new password."""
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": mia.email})
    form = browser.get(link_in_mail()).headers["Location"]
    browser.post(form, {"password1": "another long phrase", "password2": "another long phrase"})
    mia.refresh_from_db()
    assert mia.check_password("another long phrase")


def test_back_office_has_no_login_of_its_own() -> None:
    """`/admin/login/` redirects to the product's login, which limits attempts and verifies."""
    response = Client().post("/admin/login/", {"username": "x", "password": "y"})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/?next=")


def test_back_office_is_closed_to_customers(browser: Client) -> None:
    """A signed-in person who is not staff is refused."""
    response = browser.get("/admin/", follow=True)
    assert response.status_code == 403


def test_administrator_can_manage_people(make_user: Callable[..., User]) -> None:
    """The back office lists people and, after a new second-factor check, creates one."""
    browser = Client()
    browser.force_login(make_user("root", is_staff=True, is_superuser=True))
    assert browser.get("/admin/accounts/user/").status_code == 200
    prove(browser)
    form = {"email": "kim@example.com", "name": "Kim", "usable_password": "false"}
    browser.post("/admin/accounts/user/add/", form)
    assert User.objects.filter(email="kim@example.com").exists()


@pytest.mark.django_db
def test_administrator_from_the_command_line_is_verified() -> None:
    """The operator with a shell vouches for the address, so the first sign-in needs no email."""
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    assert root.is_staff
    browser = Client()
    browser.post("/accounts/login/", {"login": root.email, "password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(root.pk)


@pytest.mark.django_db
def test_command_makes_an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    """`just admin` takes the password from the environment and refuses a second account."""
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    call_command("admin", "Root@example.com", stdout=io.StringIO())
    root = User.objects.get(email="root@example.com")
    assert root.is_superuser
    assert root.check_password(PASSWORD)
    with pytest.raises(CommandError, match="has an account already"):
        call_command("admin", "root@example.com")


@pytest.mark.django_db
def test_command_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password rules also apply to an administrator."""
    monkeypatch.setenv("ADMIN_PASSWORD", "12345")
    with pytest.raises(CommandError, match="too short"):
        call_command("admin", "root@example.com")
    assert not User.objects.exists()

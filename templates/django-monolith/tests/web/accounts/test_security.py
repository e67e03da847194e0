"""Second factors and sessions: their pages, and the scripts that a browser may run on them."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from tests.web.conftest import PASSWORD, prove
from tests.web.test_site import patterns
from web.accounts.models import User

PAGES = (
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/email/",
    "/accounts/password/change/",
)
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(\ssrc=|application/json))")


@pytest.mark.parametrize("page", PAGES)
def test_page_needs_nothing_that_the_policy_forbids(browser: Client, page: str) -> None:
    """Account pages use our layout, and contain no inline script or style."""
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = browser.get(page)
    assert response.status_code == 200
    assert "web/site.css" in response.text
    assert INLINE.search(response.text) is None


@pytest.mark.django_db
def test_sign_in_offers_a_passkey() -> None:
    """The login page offers passkeys, with a script that is one of our files."""
    page = Client().get("/accounts/login/").text
    assert "Sign in with a passkey" in page
    assert INLINE.search(page) is None


def test_second_factor_is_asked_for(make_user: Callable[..., User]) -> None:
    """A person with an authenticator app cannot sign in with only a password."""
    root = make_user("root", is_staff=True, is_superuser=True)
    browser = Client()
    response = browser.post("/accounts/login/", {"login": root.email, "password": PASSWORD})
    assert response.headers["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/accounts/2fa/authenticate/").status_code == 200
    assert browser.get("/admin/").status_code == 302


def test_staff_enrol_before_anything_else(make_user: Callable[..., User]) -> None:
    """A new staff member sets up a second factor before they see another page."""
    mia = make_user("mia")
    mia.is_staff = True
    mia.save()
    browser = Client()
    browser.force_login(mia)
    assert browser.get("/admin/").headers["Location"] == "/accounts/2fa/"
    assert browser.get("/accounts/2fa/totp/activate/").status_code == 302  # to the password


def test_support_acts_for_a_customer(make_user: Callable[..., User], mia: User) -> None:
    """During impersonation a banner on every page names the customer and ends it."""
    browser = Client()
    browser.force_login(make_user("root", is_staff=True, is_superuser=True))
    prove(browser)
    page = browser.get("/support/impersonate/").text
    assert INLINE.search(page) is None
    form = {"email": mia.email, "reason": "Ticket 4711: the list is empty"}
    assert "You act for" in browser.post("/support/impersonate/", form, follow=True).text
    assert browser.get("/accounts/email/").status_code == 403
    assert "You act for" not in browser.post("/support/impersonate/end/", follow=True).text


def test_no_page_lets_in_by_password_alone(make_user: Callable[..., User]) -> None:
    """On every page a superuser's password alone does not open the back office."""
    root = make_user("root", is_staff=True, is_superuser=True)
    names = dict.fromkeys(("login", "username", "email", "name"), root.email)
    routes = [f"/{route}" for route, _ in patterns(get_resolver()) if "<" not in route]
    assert {"/accounts/login/", "/admin/login/", "/accounts/2fa/webauthn/login/"} <= set(routes)
    for route in routes:
        browser = Client(raise_request_exception=False)
        browser.post(route, names | {"password": PASSWORD, "next": "/admin/"})
        assert SESSION_KEY not in browser.session, route


@pytest.mark.django_db
def test_flood_of_visitors_resets_no_limit() -> None:
    """The counters of sign-in attempts survive thousands of other cache entries."""
    cache.set("counter", 5)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_cache SELECT 'z' || n, '', now() + interval '1 hour' "
            "FROM generate_series(1, 5000) AS n"
        )
    cache.set("another", 1)
    assert cache.get("counter") == 5

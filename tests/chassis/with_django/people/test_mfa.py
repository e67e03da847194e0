"""Second factors: who has to have one, and that no way in goes past it."""

import time
from collections.abc import Iterator
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
)
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from chassis.django.models import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOGIN = "/accounts/login/"
BACK_OFFICE = "/admin/"


@pytest.fixture
def root() -> User:
    """A superuser with an authenticator app."""
    user = User.objects.create_superuser("root", "root@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    TOTP.activate(user, SECRET)
    return user


def code(secret: str = SECRET) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def signed_in(user: User) -> Client:
    """Give a browser whose person came in with both factors, as people do."""
    browser = Client()
    browser.post(LOGIN, {"login": user.username, "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": code()})
    assert browser.session["_auth_user_id"] == str(user.pk)
    return browser


def proven(browser: Client) -> Client:
    """Say the password once more, as is asked of somebody who has no second factor yet."""
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Walk every address of the site; parameters are filled with something harmless."""
    for item in resolver.url_patterns:
        if isinstance(item, URLResolver):
            found = item.pattern._route if hasattr(item.pattern, "_route") else ""
            yield from routes(item, prefix + found)
        elif isinstance(item, URLPattern) and hasattr(item.pattern, "_route"):
            yield prefix + item.pattern._route.replace("<int:pk>", "1").replace("<what>", "x")


def test_no_route_lets_in_by_password_alone(root: User) -> None:
    """Whatever page the password is sent to, nobody with a second factor is in without it."""
    form = {"login": "root", "username": "root", "email": root.email, "password": PASSWORD}
    found = list(routes(get_resolver()))
    assert {LOGIN, "/admin/login/", "/accounts/2fa/webauthn/login/"} <= set(found)
    for route in found:
        browser = Client(raise_request_exception=False)
        browser.post(route, form | {"next": BACK_OFFICE, "this_is_the_login_form": "1"})
        assert "_auth_user_id" not in browser.session, route
        assert browser.get(BACK_OFFICE).status_code == 302, route


def test_both_factors_let_in(root: User) -> None:
    """A password and a code open the back office; a wrong code is recorded and does not."""
    browser = Client()
    browser.post(LOGIN, {"login": "root", "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "_auth_user_id" not in browser.session
    assert AuditEvent.objects.latest("id").action == "second_factor.failed"
    browser.post("/accounts/2fa/authenticate/", {"code": code()})
    assert browser.get(BACK_OFFICE).status_code == 200


def test_staff_without_second_factor_reach_only_enrolment(root: User) -> None:
    """Every page leads to the enrollment, which works; then the back office opens."""
    Authenticator.objects.all().delete()
    browser = Client()
    browser.post(LOGIN, {"login": "root", "password": PASSWORD})
    for page in (BACK_OFFICE, "/private", "/admin/auth/user/"):
        response = browser.get(page, headers={"accept": "text/html"})
        assert (response.status_code, response.headers["Location"]) == (302, "/accounts/2fa/")
    refusal = browser.get("/api/private")
    assert refusal.status_code == 403
    assert refusal.json()["type"].endswith("second-factor-required")
    secret = proven(browser).get("/accounts/2fa/totp/activate/").context["form"].secret
    browser.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert browser.get(BACK_OFFICE).status_code == 200
    assert "second_factor.added" in AuditEvent.objects.values_list("action", flat=True)


def test_customer_needs_no_second_factor() -> None:
    """Only staff have to have one."""
    browser = Client()
    browser.force_login(User.objects.create_user("mia", "mia@example.com", PASSWORD))
    assert browser.get("/private").status_code == 200


def test_sensitive_pages_want_recent_proof(root: User) -> None:
    """An old session may look at the list of people and has to sign in again to change one."""
    browser = Client()
    browser.force_login(root)
    assert browser.get("/admin/auth/user/").status_code == 200
    page = f"/admin/auth/user/{root.pk}/change/"
    for response in (browser.get(page), browser.post(page, {"username": "else"})):
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/reauthenticate/?next=%2Fadmin")
    assert signed_in(root).get(page).status_code == 200


def test_password_does_not_stand_in_for_the_factor(root: User) -> None:
    """Whoever has a factor is asked for it when they prove again who they are, never for less."""
    browser = Client()
    browser.force_login(root)
    page = f"/admin/auth/user/{root.pk}/change/"
    again = "/accounts/reauthenticate/"
    refused = browser.post(again, {"password": PASSWORD})
    assert refused.headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert browser.get(page).status_code == 302
    assert again not in browser.get("/accounts/2fa/reauthenticate/").content.decode()
    browser.post("/accounts/2fa/reauthenticate/", {"code": code()})
    assert browser.get(page).status_code == 200


def test_mail_does_not_stand_in_for_the_factor(root: User) -> None:
    """Whoever sits at an open session and reads the mails too has not proved who they are."""
    browser = Client()
    browser.force_login(root)
    for page in ("/accounts/reauthenticate/code/", "/accounts/reauthenticate/code/confirm/"):
        assert browser.post(page, {"email": root.email}).status_code == 403
    assert mail.outbox == []


def test_fresh_sign_in_is_proof_enough(root: User) -> None:
    """Whoever gave both factors just now adds a key without the next code; an old session not."""
    page = "/accounts/2fa/webauthn/add/"
    assert signed_in(root).get(page).status_code == 200
    browser = Client()
    browser.force_login(root)
    assert browser.get(page).status_code == 302


def test_proof_of_both_factors_grows_old(root: User, settings: Settings) -> None:
    """Five minutes after signing in a sensitive page asks for the factor again."""
    browser = signed_in(root)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert browser.get(f"/admin/auth/user/{root.pk}/change/").status_code == 302


def test_secrets_lie_sealed_in_the_database(root: User) -> None:
    """A copy of the database makes no codes; the app and recovery codes work all the same."""
    RecoveryCodes.activate(root)
    stored = [factor.data for factor in Authenticator.objects.order_by("id")]
    assert SECRET not in str(stored)
    assert {name for data in stored for name in data} >= {"secret", "seed"}
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code())


def test_secrets_outlive_a_new_key(root: User, settings: Settings) -> None:
    """An earlier SECRET_KEY is read as a fallback, and no longer needed after `reseal`."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    factor = TOTP(Authenticator.objects.get())
    assert factor.validate_code(code())
    call_command("reseal", stdout=StringIO())
    settings.SECRET_KEY_FALLBACKS = []
    cache.clear()  # a code is good once
    assert TOTP(Authenticator.objects.get()).validate_code(code())


def test_forgotten_key_lets_nobody_in(root: User, settings: Settings) -> None:
    """A factor that cannot be read is no factor that any code fits; the page says what to do."""
    settings.SECRET_KEY = "another"
    browser = Client()
    browser.post(LOGIN, {"login": "root", "password": PASSWORD})
    response = browser.post("/accounts/2fa/authenticate/", {"code": code()})
    assert response.status_code == 503
    assert "SECRET_KEY_FALLBACKS" in response.content.decode()
    with pytest.raises(CommandError, match=r"Second factor .*SECRET_KEY_FALLBACKS"):
        call_command("reseal")


def test_support_takes_a_lost_factor_and_ends_a_session(root: User) -> None:
    """The back office removes a factor without showing its secret, and really signs out."""
    mia = User.objects.create_user("mia", "mia@example.com", PASSWORD)
    factor = TOTP.activate(mia, "B" * 32).instance
    customer = Client()
    browser = signed_in(root)
    page = f"/admin/mfa/authenticator/{factor.pk}/"
    assert "BBBB" not in browser.get(f"{page}change/").text
    browser.post(f"{page}delete/", {"post": "yes"})
    assert not Authenticator.objects.filter(user=mia).exists()
    EmailAddress.objects.create(user=mia, email=mia.email, verified=True, primary=True)
    customer.post(LOGIN, {"login": "mia", "password": PASSWORD})
    session = UserSession.objects.get(user=mia)
    browser.post(f"/admin/usersessions/usersession/{session.pk}/delete/", {"post": "yes"})
    assert customer.get("/private").status_code == 302
    actions = list(AuditEvent.objects.order_by("-id").values_list("action", flat=True)[:1])
    assert actions == ["session.revoked"]


def test_person_signs_out_everywhere_else(root: User) -> None:
    """The list of sessions ends all others."""
    second = signed_in(root)
    Authenticator.objects.update(last_used_at=None)
    cache.clear()  # a code is good for one sign-in
    first = signed_in(root)
    assert first.get("/accounts/sessions/").status_code == 200
    first.post("/accounts/sessions/")
    assert first.get("/private").status_code == 200
    assert second.get("/private").status_code == 302

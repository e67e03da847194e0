"""Sign-in at a company's identity provider: who gets in, who does not, and what is still asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from chassis import service
from chassis.django.models import AuditEvent
from chassis.django.people import sso
from chassis.django.people.sso import SingleSignOnSettings
from chassis.environment import SettingsError
from with_django.people.provider import Provider, query_of, serving

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/oidc/company/login/"
CALLBACK = f"{LOGIN}callback/"


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A provider that this site knows."""
    with serving() as server:
        env = SingleSignOnSettings.model_construct(
            sso_issuer=server.issuer,
            sso_client_id="orders",
            sso_client_secret=SingleSignOnSettings.model_fields["sso_client_secret"].default,
            sso_label="Orders Ltd",
        )
        known = sso._provider(env)
        known["APPS"][0]["secret"] = "hush"
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": known}
        yield server


@pytest.fixture
def mia() -> User:
    """Somebody with an account and a verified address."""
    user = User.objects.create_user("mia", "mia@example.com", "a long enough phrase")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def come_in(provider: Provider, **person: Any) -> tuple[Client, Any]:
    """Press the button, be sent away and come back as that person."""
    provider.person = {"sub": "4711"} | person
    browser = Client()
    away = browser.post(LOGIN)
    assert away.headers["Location"].startswith(f"{provider.issuer}/authorize?")
    back = provider.authorize(query_of(away.headers["Location"]))
    return browser, browser.get(CALLBACK, query_of(back))


def test_verified_address_leads_into_its_account(provider: Provider, mia: User) -> None:
    """Whoever the provider vouches for is signed in, and the tie is on record."""
    browser, _ = come_in(provider, email="mia@example.com", email_verified=True)
    assert browser.get("/whoami").content == b"mia"
    assert SocialAccount.objects.get().user == mia
    found = AuditEvent.objects.get(action="identity.added")
    assert (found.subject, found.after) == (str(mia.pk), {"at": "company"})


@pytest.mark.parametrize("claim", [{}, {"email_verified": False}, {"email_verified": "false"}])
def test_unverified_address_opens_no_account(
    provider: Provider, mia: User, claim: dict[str, Any]
) -> None:
    """Anybody can write somebody else's address into their profile at a provider."""
    browser, response = come_in(provider, email="mia@example.com", **claim)
    assert "_auth_user_id" not in browser.session
    assert not SocialAccount.objects.exists()
    assert response.status_code == 200


@pytest.mark.parametrize("is_open", [False, True])
def test_new_people_need_open_sign_up(
    provider: Provider, settings: Settings, is_open: bool
) -> None:
    """The provider's word makes no account where an administrator makes them."""
    settings.SIGN_UP_OPEN = is_open
    come_in(provider, email="noor@example.com", email_verified=True)
    assert User.objects.filter(email="noor@example.com").exists() is is_open


def test_second_factor_is_still_asked_for(provider: Provider, mia: User) -> None:
    """Coming from the provider stands for the password and for nothing more."""
    TOTP.activate(mia, "A" * 32)
    browser, response = come_in(provider, email="mia@example.com", email_verified=True)
    assert response.headers["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in browser.session


def test_answer_that_nobody_asked_for_is_refused(provider: Provider, mia: User) -> None:
    """A link with somebody else's code signs nobody in: the state is not this browser's."""
    provider.person = {"sub": "4711", "email": "mia@example.com", "email_verified": True}
    away = Client().post(LOGIN)
    back = provider.authorize(query_of(away.headers["Location"]))
    browser = Client()
    browser.get(CALLBACK, query_of(back))
    assert "_auth_user_id" not in browser.session


def test_provider_that_is_away_is_no_crash(provider: Provider) -> None:
    """The page says so, and that one can try again or come in another way."""
    provider.shutdown()
    provider.server_close()
    response = Client().post(LOGIN, headers={"accept": "text/html"})
    assert response.status_code == 503
    assert "identity provider does not answer" in response.content.decode()


def write(root: Path) -> service.Service:
    """Write a service, as far as settings look at it."""
    (root / ".roadbed").mkdir()
    (root / ".roadbed" / "service.toml").write_text('plan = "django-monolith"\n', encoding="utf-8")
    text = '[project]\nname = "orders"\nversion = "1"\n'
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return service.load(root)


def installed(root: Path) -> dict[str, Any]:
    """Give the settings that a site with accounts gets."""
    made: dict[str, Any] = {
        "INSTALLED_APPS": ["allauth.account"],
        "SECURE_CSP": {"form-action": ["'self'"]},
    }
    sso.install(made, write(root))
    return made


def test_nothing_is_offered_unless_the_environment_names_a_provider(tmp_path: Path) -> None:
    """The tables are there, so that switching it on needs no new app; a provider is not."""
    made = installed(tmp_path)
    assert set(sso.APPS) <= set(made["INSTALLED_APPS"])
    assert "SOCIALACCOUNT_PROVIDERS" not in made
    assert made["SECURE_CSP"] == {"form-action": ["'self'"]}


def test_environment_names_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issuer, client and secret arrive, and the login form may lead there."""
    monkeypatch.setenv("SSO_ISSUER", "https://login.example.com/realm/")
    monkeypatch.setenv("SSO_CLIENT_ID", "orders")
    monkeypatch.setenv("SSO_CLIENT_SECRET", "hush")
    made = installed(tmp_path)
    (app,) = made["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert (app["client_id"], app["secret"]) == ("orders", "hush")
    assert app["settings"] == {"server_url": "https://login.example.com/realm"}
    assert made["SECURE_CSP"]["form-action"] == ["'self'", "https://login.example.com"]


def test_half_a_provider_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every missing variable is named, and http is for one's own machine."""
    monkeypatch.setenv("SSO_ISSUER", "https://login.example.com")
    with pytest.raises(SettingsError, match=r"SSO_CLIENT_ID: set it[\s\S]*SSO_CLIENT_SECRET: set"):
        installed(tmp_path)

"""Guessing is slowed down for all processes together."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough phrase"
LOGIN = "/accounts/login/"
CODE = "/accounts/2fa/authenticate/"
GUESSES = 30
# another process, at an address of its own: what counts is the account
PROGRAM = """
import json, sys
from django.conf import settings
from with_django import conftest
settings.DATABASES["default"].update(json.loads(sys.argv[1]))
from django.test import Client
browser = Client(REMOTE_ADDR="192.0.2.7")
for page, form, times in json.loads(sys.argv[2]):
    for _ in range(times):
        browser.post(page, form)
"""


def elsewhere(*steps: tuple[str, dict[str, str], int]) -> None:
    """Post forms from another process."""
    found = {name: connection.settings_dict[name] for name in ("NAME", "USER", "HOST", "PORT")}
    command = [sys.executable, "-c", PROGRAM, json.dumps(found), json.dumps(steps)]
    subprocess.run(
        command, check=True, cwd=Path(__file__).parent.parent.parent, capture_output=True
    )


@pytest.fixture
def root() -> User:
    """A superuser, of whom nobody has guessed anything yet."""
    cache.clear()
    user = User.objects.create_superuser("root", "root@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.mark.parametrize("page", [LOGIN, f"{LOGIN}?next=/admin/"])
def test_password_guessed_elsewhere_is_refused_here(root: User, page: str) -> None:
    """After thirty wrong passwords in one process the right one is refused in another."""
    elsewhere((page, {"login": "root", "password": "wrong"}, GUESSES))
    browser = Client()
    response = browser.post(page, {"login": "root", "password": PASSWORD})
    assert "Too many failed login attempts" in response.text
    assert "_auth_user_id" not in browser.session


def test_back_office_takes_no_password_at_all(root: User) -> None:
    """Its own form is gone, so nothing can be guessed there, not even by the right password."""
    browser = Client()
    response = browser.post("/admin/login/", {"username": "root", "password": PASSWORD})
    assert response.headers["Location"].startswith(LOGIN)
    assert "_auth_user_id" not in browser.session


def test_code_guessed_elsewhere_is_refused_here(root: User) -> None:
    """Wrong codes of an authenticator app count for the account, wherever they are typed."""
    TOTP.activate(root, "A" * 32)
    password = {"login": "root", "password": PASSWORD}
    elsewhere((LOGIN, password, 1), (CODE, {"code": "000000"}, GUESSES))
    browser = Client()
    browser.post(LOGIN, password)
    response = browser.post(CODE, {"code": "111111"})
    assert "Too many failed login attempts" in response.text


def test_proof_of_presence_is_guessed_a_few_times_only(root: User) -> None:
    """A stolen session does not become a way to find the password."""
    browser = Client()
    browser.force_login(root)
    page = "/accounts/reauthenticate/"
    statuses = [browser.post(page, {"password": "wrong"}).status_code for _ in range(GUESSES)]
    assert statuses[-1] == 429

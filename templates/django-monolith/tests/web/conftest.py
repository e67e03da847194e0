"""The shared fixtures of the web half."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from chassis.django.fetch_modes import LISTS_RAISE
from django.test import Client
from pytest_django import Settings

from web.accounts.models import User

PASSWORD = "a long enough phrase"  # noqa: S105 - of people who exist in one test
SECRET = "A" * 32  # of every staff member's authenticator app


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: None) -> None:
    """Start PostgreSQL before Django creates its test database."""


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Use a fast password hash: a secure one is slow, and the tests do not test it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Use plain names of static files, so that no test needs `collectstatic`."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


@pytest.fixture(autouse=True)
def rows_of_lists_fetch_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if a list runs one query for each row (N+1); the error names the field."""
    monkeypatch.setattr("django.db.models.query.DEFAULT_FETCH_MODE", LISTS_RAISE)


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    """Store uploads in a temporary folder, even if `.env` sets a bucket."""
    folder = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = settings.STORAGES | {"default": folder}
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Return a function that creates a person: `make_user("mia", is_staff=True)`."""

    def make(name: str, **fields: bool) -> User:
        user = User.objects.create_verified(
            f"{name}@example.com", PASSWORD, name=name.capitalize(), **fields
        )
        if user.is_staff:
            TOTP.activate(user, SECRET)  # without a second factor staff can open no page
        return user

    return make


def prove(browser: Client) -> None:
    """Enter the code of the authenticator app again, as sensitive pages require."""
    code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
    browser.post("/accounts/2fa/reauthenticate/", {"code": code})


@pytest.fixture
def mia(make_user: Callable[..., User]) -> User:
    """Return a person without special permissions."""
    return make_user("mia")


@pytest.fixture
def browser(mia: User) -> Client:
    """Return Mia's browser, signed in."""
    client = Client()
    client.force_login(mia)
    return client

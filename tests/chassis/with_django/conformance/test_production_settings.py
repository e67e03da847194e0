"""SEC003."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chassis.django.conformance.production_settings import ProductionSettings
from chassis.django.conformance.system_under_test import SystemUnderTest

GOOD = """
DEBUG = False
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 31_536_000
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache"}}
"""
type Made = Callable[[str], SystemUnderTest]


@pytest.fixture
def made(system_under_test: SystemUnderTest, tmp_path: Path) -> Made:
    """Give a function that makes a service of settings."""

    def make(text: str) -> SystemUnderTest:
        (tmp_path / "web").mkdir()
        (tmp_path / "web" / "settings.py").write_text(text, encoding="utf-8")
        return replace(system_under_test, service=replace(system_under_test.service, root=tmp_path))

    return make


def test_accepts_strict_settings(examine: Any, made: Made) -> None:
    """What the template's settings say is enough."""
    assert examine(ProductionSettings(), made(GOOD)) == []


def test_finds_each_lax_setting(examine: Any, made: Made) -> None:
    """Debugging and a cache of one process are named."""
    bad = "DEBUG = True\nCACHES = {'default': {'BACKEND': 'x.LocMemCache'}}\n"
    assert examine(ProductionSettings(), made(GOOD + bad)) == ["CACHES", "DEBUG"]


def test_finds_settings_that_do_not_start(examine: Any, made: Made) -> None:
    """A variable that `production` lacks is told, not swallowed."""
    assert examine(ProductionSettings(), made("raise SystemExit('MAIL_FROM: set it')")) == [
        "web/settings.py"
    ]

"""SEC001."""

from typing import Any

from django.conf import settings
from django.test import override_settings

from chassis.django.conformance.security_headers import SecurityHeaders


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """Django's middleware puts the headers on every answer."""
    assert examine(SecurityHeaders()) == []


def test_finds_a_policy_that_allows_inline_scripts(examine: Any) -> None:
    """Pages with a wide policy are named, those of the back office are not ours."""
    wide = settings.SECURE_CSP | {"script-src": ["'self'", "'unsafe-inline'"]}
    with override_settings(SECURE_CSP=wide):
        found = examine(SecurityHeaders())
    assert "GET /page" in found
    assert [place for place in found if place.startswith("GET /admin/")] == []


def test_finds_missing_headers(examine: Any) -> None:
    """Without the middleware every page is named, the missing one too."""
    kept = [name for name in settings.MIDDLEWARE if "csp" not in name]
    with override_settings(MIDDLEWARE=kept):
        assert {"GET /page", "GET /nothing-here"} <= set(examine(SecurityHeaders()))

"""AUTH004."""

from typing import Any

from django.test import override_settings

from chassis.django.conformance.throttled_login import ThrottledLogin


def test_accepts_the_platforms_login(examine: Any) -> None:
    """The right password is refused once thirty wrong ones were tried."""
    assert examine(ThrottledLogin()) == []


@override_settings(ACCOUNT_RATE_LIMITS=False)
def test_finds_a_login_without_limits(examine: Any) -> None:
    """The form that lets somebody in all the same is named."""
    assert examine(ThrottledLogin()) == ["POST /accounts/login/"]

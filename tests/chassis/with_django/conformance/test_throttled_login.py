"""AUTH004."""

from typing import Any

from django.test import override_settings

from chassis.django.conformance.system_under_test import SystemUnderTest
from chassis.django.conformance.throttled_login import ThrottledLogin


def test_accepts_the_platforms_login(examine: Any) -> None:
    """The right password is refused once thirty wrong ones were tried."""
    assert examine(ThrottledLogin()) == []


@override_settings(ACCOUNT_RATE_LIMITS=False)
def test_finds_a_login_without_limits(examine: Any) -> None:
    """The form that lets somebody in all the same is named."""
    assert examine(ThrottledLogin()) == ["POST /accounts/login/"]


@override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.RemoteUserBackend"])
def test_finds_a_login_that_it_cannot_try(system_under_test: SystemUnderTest) -> None:
    """Where nobody gets in by a password that is right, limits prove nothing."""
    [finding] = ThrottledLogin().check(system_under_test)
    assert finding.place == "POST /accounts/login/"
    assert finding.seen.startswith("did not accept the right password")

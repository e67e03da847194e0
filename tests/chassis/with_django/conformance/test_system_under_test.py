"""The people who call a service for the rules."""

from http import HTTPStatus

import pytest

from chassis.django.conformance.system_under_test import SystemUnderTest


@pytest.mark.parametrize("page", ["/admin/auth/user/add/", "/support/impersonate/"])
def test_superuser_reaches_what_asks_for_proof(
    system_under_test: SystemUnderTest, page: str
) -> None:
    """A rule that is sent away to prove who asks would find nothing, whatever the page does."""
    assert system_under_test.ask("GET", page).status_code == HTTPStatus.OK

"""Memberships, and the tenant of a request."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.client import RequestFactory
from django.test.utils import CaptureQueriesContext

from tests.web.conftest import prove
from web.accounts.demo_data import COMPANY
from web.accounts.models import User
from web.organizations.models import Invitation, Organization
from web.tenancy import SESSION_KEY, current_tenant, tenant_of


def test_newcomer_gets_an_organisation_once(mia: User) -> None:
    """A person without an organization gets their own, and keeps it."""
    first = tenant_of(mia)
    assert tenant_of(mia) == first
    assert Organization.objects.get().name == "Mia's organization"


def test_member_has_no_other(mia: User, harbour: Organization) -> None:
    """A member of an organization gets no second one."""
    assert tenant_of(mia) == harbour.pk
    assert Organization.objects.count() == 1


def test_request_of_a_member_locks_nothing(
    mia: User, harbour: Organization, django_assert_num_queries: Callable[..., Any]
) -> None:
    """One query without a lock finds the organization, so reads never wait for a write."""
    with django_assert_num_queries(1) as asked:
        tenant_of(mia)
    assert "FOR UPDATE" not in asked.captured_queries[0]["sql"]


def test_two_first_requests_make_one_organisation(
    mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower request waits for the lock and uses the organization of the faster one."""
    locked = User.objects.select_for_update
    made: list[Organization] = []

    def lock_too_late() -> QuerySet[User]:
        made.append(Organization.objects.create(name="Faster"))
        made[0].admit(mia)
        return locked()

    monkeypatch.setattr(User.objects, "select_for_update", lock_too_late)
    assert tenant_of(mia) == made[0].pk
    assert Organization.objects.count() == 1


def test_choice_is_kept_in_the_session(mia: User, browser: Client, harbour: Organization) -> None:
    """After switching, the other organization is selected."""
    finch = Organization.objects.create(name="Finch")
    finch.admit(mia)
    page = browser.post(f"/organizations/{finch.pk}/switch", follow=True)
    assert "You now work with Finch." in page.text
    assert browser.session[SESSION_KEY] == str(finch.pk)


def test_list_of_fifty_takes_as_many_queries_as_of_one(
    mia: User, browser: Client, harbour: Organization
) -> None:
    """The number of queries does not depend on the number of organizations."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert "Harbour" in browser.get("/organizations/").text
        return len(asked)

    of_one = queries()
    for number in range(49):
        Organization.objects.create(name=f"Branch {number}").admit(mia)
    assert of_one == queries() <= 8


def test_foreign_organisation_cannot_be_chosen(browser: Client, harbour: Organization) -> None:
    """A person who is not a member gets a 404."""
    foreign = Organization.objects.create(name="Foreign")
    assert browser.post(f"/organizations/{foreign.pk}/switch").status_code == 404
    assert "Foreign" not in browser.get("/organizations/").text


def test_choice_ends_with_the_membership(mia: User, harbour: Organization) -> None:
    """A session that still selects a former organization shows no data of it."""
    former = Organization.objects.create(name="Former")
    request = RequestFactory().get("/")
    request.user = mia
    request.session = {SESSION_KEY: str(former.pk)}  # type: ignore[assignment]
    assert current_tenant(request) == harbour.pk


def test_organisations_are_managed_in_the_back_office(make_user: Callable[..., User]) -> None:
    """After a new second-factor check an administrator sees the members of an organization."""
    root = make_user("root", is_staff=True, is_superuser=True)
    organization = Organization.objects.create(name="Harbour")
    organization.admit(root)
    browser = Client()
    browser.force_login(root)
    address = f"/admin/organizations/organization/{organization.pk}/change/"
    asked = browser.get(address).headers["Location"]  # this page changes roles
    assert asked.startswith("/accounts/reauthenticate/")
    prove(browser)
    page = browser.get(address)
    assert "Root in Harbour" in page.text


def test_seed_shows_two_organisations_and_an_invitation(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run adds nothing. A person with several organizations starts in the first one."""
    monkeypatch.setenv("DEMO_PASSWORD", "given for the tests")
    for _ in range(2):
        call_command("demo_data", verbosity=0)
    assert Organization.objects.count() == 2
    assert Invitation.objects.count() == 1
    priya = User.objects.get(email="priya@harbourfinch.example")
    assert Organization.objects.home_of(priya).name == COMPANY

"""Who belongs where, and whose data is shown."""

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
    """Somebody who belongs nowhere gets their own, and keeps it."""
    first = tenant_of(mia)
    assert tenant_of(mia) == first
    assert Organization.objects.get().name == "Mia's organisation"


def test_member_has_no_other(mia: User, harbour: Organization) -> None:
    """Somebody who was admitted gets no second one."""
    assert tenant_of(mia) == harbour.pk
    assert Organization.objects.count() == 1


def test_request_of_a_member_locks_nothing(
    mia: User, harbour: Organization, django_assert_num_queries: Callable[..., Any]
) -> None:
    """One plain query finds the organisation: reading pages never queues behind a write."""
    with django_assert_num_queries(1) as asked:
        tenant_of(mia)
    assert "FOR UPDATE" not in asked.captured_queries[0]["sql"]


def test_two_first_requests_make_one_organisation(
    mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds none waits for the lock, looks again and takes what the faster one made."""
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
    """After switching, the other organisation is in use."""
    finch = Organization.objects.create(name="Finch")
    finch.admit(mia)
    page = browser.post(f"/organizations/{finch.pk}/switch", follow=True)
    assert "You now work with Finch." in page.text
    assert browser.session[SESSION_KEY] == str(finch.pk)


def test_list_of_fifty_takes_as_many_queries_as_of_one(
    mia: User, browser: Client, harbour: Organization
) -> None:
    """However many organisations somebody belongs to."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert "Harbour" in browser.get("/organizations/").text
        return len(asked)

    of_one = queries()
    for number in range(49):
        Organization.objects.create(name=f"Branch {number}").admit(mia)
    assert of_one == queries() <= 8


def test_foreign_organisation_cannot_be_chosen(browser: Client, harbour: Organization) -> None:
    """For somebody who is not a member it does not exist."""
    foreign = Organization.objects.create(name="Foreign")
    assert browser.post(f"/organizations/{foreign.pk}/switch").status_code == 404
    assert "Foreign" not in browser.get("/organizations/").text


def test_choice_ends_with_the_membership(mia: User, harbour: Organization) -> None:
    """A session that still names a former organisation shows nothing of it."""
    former = Organization.objects.create(name="Former")
    request = RequestFactory().get("/")
    request.user = mia
    request.session = {SESSION_KEY: str(former.pk)}  # type: ignore[assignment]
    assert current_tenant(request) == harbour.pk


def test_organisations_are_managed_in_the_back_office(make_user: Callable[..., User]) -> None:
    """An administrator who has just proved who they are sees the members of an organisation."""
    root = make_user("root", is_staff=True, is_superuser=True)
    organization = Organization.objects.create(name="Harbour")
    organization.admit(root)
    browser = Client()
    browser.force_login(root)
    address = f"/admin/organizations/organization/{organization.pk}/change/"
    asked = browser.get(address).headers["Location"]  # roles are given there
    assert asked.startswith("/accounts/reauthenticate/")
    prove(browser)
    page = browser.get(address)
    assert "Root in Harbour" in page.text


def test_seed_shows_two_organisations_and_an_invitation(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice gives nothing more; whoever has several begins in the one they joined first."""
    monkeypatch.setenv("DEMO_PASSWORD", "given for the tests")
    for _ in range(2):
        call_command("demo_data", verbosity=0)
    assert Organization.objects.count() == 2
    assert Invitation.objects.count() == 1
    priya = User.objects.get(email="priya@harbourfinch.example")
    assert Organization.objects.home_of(priya).name == COMPANY

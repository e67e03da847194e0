"""Managers of an organization manage its members and their roles."""

from collections.abc import Callable
from threading import Barrier, Thread
from unittest.mock import patch

import pytest
from chassis.django.models import AuditEvent
from chassis.problems import ProblemError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, REVIEWER
from web.organizations import services
from web.organizations.models import Invitation, Membership, Organization
from web.tenancy import assign

MEMBERS = "/organizations/members"


def test_manager_sees_who_belongs(manager: Client, harbour: Organization) -> None:
    """The list shows name, address and role of each member."""
    page = manager.get(MEMBERS).text
    for text in ("Mia", "rosa@example.com", "Reviewer", "Members of Harbour"):
        assert text in page


def test_pages_are_for_whoever_manages(browser: Client, of_mia: Membership) -> None:
    """A member cannot open the pages, and the menu does not list them."""
    assert MEMBERS not in browser.get("/").text
    for page in (MEMBERS, f"{MEMBERS}/{of_mia.pk}", "/organizations/members/invite"):
        assert browser.get(page).status_code == 403
    assert browser.post(f"{MEMBERS}/{of_mia.pk}", {"role": MANAGER}).status_code == 403
    assert browser.post(f"{MEMBERS}/{of_mia.pk}/remove").status_code == 403


def test_menu_marks_the_page_alone(manager: Client) -> None:
    """The menu marks only one entry, not also one with a shorter path."""
    page = manager.get(MEMBERS).text
    assert page.count('aria-current="page"') == 1
    assert f'href="{MEMBERS}" aria-current="page"' in page


def test_list_of_fifty_takes_as_many_queries_as_of_three(
    manager: Client, harbour: Organization
) -> None:
    """One query loads the memberships with all names."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert "Mia" in manager.get(MEMBERS).text
        return len(asked)

    of_three = queries()
    Invitation.objects.bulk_create(
        Invitation(
            organization=harbour,
            email=f"i{number}@example.com",
            token_hash=str(number),
            invited_by=harbour.memberships.all()[0].user,
            sent_at=timezone.now(),
            expires_at=timezone.now(),
        )
        for number in range(50)
    )
    people = [User(email=f"p{number}@example.com", name=f"P {number}") for number in range(50)]
    User.objects.bulk_create(people)
    Membership.objects.bulk_create(
        Membership(organization=harbour, user=person) for person in people
    )
    assert of_three == queries() <= 8


def test_role_is_changed_and_recorded(manager: Client, of_mia: Membership, ben: User) -> None:
    """The audit trail has the actor, the member and both roles."""
    page = manager.post(f"{MEMBERS}/{of_mia.pk}", {"role": REVIEWER}, follow=True)
    assert "Mia now has the role Reviewer." in page.text
    event = AuditEvent.objects.get(action="membership.changed")
    assert (event.actor, event.subject) == (str(ben.pk), str(of_mia.user_id))
    assert (event.before, event.after) == ({"role": MEMBER}, {"role": REVIEWER})


def test_role_given_in_code_is_recorded(harbour: Organization, mia: User) -> None:
    """`tenancy.assign` writes the same audit event as the page."""
    assign(REVIEWER, to=mia, tenant=harbour.pk)
    event = AuditEvent.objects.get(action="membership.changed")
    assert (event.before, event.after) == ({"role": MEMBER}, {"role": REVIEWER})


@pytest.mark.parametrize("role", ["", "owner", "x" * 5000, "\0", "<b>manager</b>"])
def test_what_is_no_role_is_refused(manager: Client, of_mia: Membership, role: str) -> None:
    """The form shows the error, and nothing changes."""
    response = manager.post(f"{MEMBERS}/{of_mia.pk}", {"role": role})
    assert (response.status_code, "errorlist" in response.text) == (200, True)
    assert Membership.objects.get(pk=of_mia.pk).role == MEMBER


def test_removed_member_is_out_at_once(
    manager: Client, browser: Client, of_mia: Membership, harbour: Organization
) -> None:
    """After the removal the next request of the member's session shows no data of it."""
    browser.post(f"/organizations/{harbour.pk}/switch")
    assert "Harbour" in browser.get("/organizations/").text
    page = manager.post(f"{MEMBERS}/{of_mia.pk}/remove", follow=True)
    assert "Mia is no longer a member." in page.text
    assert "Harbour" not in browser.get("/organizations/").text
    row = {"organization_id": str(harbour.pk), "user_id": str(of_mia.user_id)}
    event = AuditEvent.objects.get(action="membership.removed")
    assert (event.subject, event.before) == (str(of_mia.user_id), {**row, "role": MEMBER})


def test_last_manager_stays(manager: Client, ben: User, harbour: Organization) -> None:
    """The last manager can neither take a lower role nor leave."""
    page = f"{MEMBERS}/{harbour.memberships.get(user=ben).pk}"
    for response in (
        manager.post(page, {"role": MEMBER}, follow=True),
        manager.post(f"{page}/remove", follow=True),
    ):
        assert "would have no manager left" in response.text
    assert harbour.memberships.get(user=ben).role == MANAGER


def test_switched_off_manager_does_not_count(
    ben: User, harbour: Organization, of_mia: Membership
) -> None:
    """A deactivated manager does not count as a manager."""
    of_mia.role = MANAGER
    of_mia.save()
    User.objects.filter(pk=of_mia.user_id).update(is_active=False)
    with pytest.raises(ProblemError, match="would have no manager left"):
        services.remove(membership=harbour.memberships.get(user=ben), by=ben)


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_leave_at_once_one_stays(
    ben: User, mia: User, harbour: Organization
) -> None:
    """If the last two managers leave at the same time, only one succeeds."""
    assign(MANAGER, to=mia, tenant=harbour.pk)
    start, refused = Barrier(2), list[str]()

    def leave(person: User) -> None:
        own = harbour.memberships.get(user=person)
        start.wait()
        try:
            services.remove(membership=own, by=person)
        except ProblemError as refusal:
            refused.append(str(refusal))
        finally:
            connection.close()

    threads = [Thread(target=leave, args=(person,)) for person in (ben, mia)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert harbour.memberships.filter(role=MANAGER).count() == 1


def test_nobody_gives_or_takes_a_role_above_their_own(
    harbour: Organization, make_user: Callable[..., User], ben: User
) -> None:
    """A role with fewer permissions than a manager can neither add nor demote a manager."""
    rosa = User.objects.get(email="rosa@example.com")
    with (
        patch("chassis.django.people.roles.has_permission", return_value=True),
        patch.object(services, "has_permission", return_value=True),
    ):
        for role, membership in ((MANAGER, rosa), (MEMBER, ben)):
            with pytest.raises(ProblemError, match="The role manager is above your own"):
                services.change_role(
                    membership=harbour.memberships.get(user=membership), role=role, by=rosa
                )


def test_somebody_who_left_meanwhile_is_named(of_mia: Membership, ben: User) -> None:
    """The second removal of the same person gets a message."""
    Membership.objects.filter(pk=of_mia.pk).delete()
    with pytest.raises(ProblemError, match="Mia is no longer a member"):
        services.remove(membership=of_mia, by=ben)

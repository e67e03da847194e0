"""Fixtures: an organization with a manager, a reviewer and a member, and their browsers."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, REVIEWER
from web.organizations.models import Membership, Organization

NEW = "/organizations/members/invite"


@pytest.fixture
def harbour(mia: User, make_user: Callable[..., User]) -> Organization:
    """Return an organization in which Mia is a member, Ben the manager and Rosa a reviewer."""
    organization = Organization.objects.create(name="Harbour")
    organization.admit(mia, role=MEMBER)
    organization.admit(make_user("ben"), role=MANAGER)
    organization.admit(make_user("rosa"), role=REVIEWER)
    return organization


@pytest.fixture
def ben(harbour: Organization) -> User:
    """Return Ben, the manager."""
    return User.objects.get(email="ben@example.com")


@pytest.fixture
def manager(ben: User) -> Client:
    """Return Ben's browser, signed in."""
    client = Client()
    client.force_login(ben)
    return client


@pytest.fixture
def of_mia(harbour: Organization, mia: User) -> Membership:
    """Return Mia's membership."""
    return harbour.memberships.get(user=mia)


@pytest.fixture
def invite(manager: Client) -> Callable[..., str]:
    """Return a function that invites an address and returns the path of the link in the email."""
    cache.clear()  # it stores the times of recent emails

    def invite(email: str, role: str = REVIEWER) -> str:
        page = manager.post(NEW, {"email": email, "role": role}, follow=True)
        assert f"An invitation was sent to {email}" in page.text
        return last_link()

    return invite


def last_link() -> str:
    """Return the path of the link in the newest email."""
    match = re.search(r"http://testserver(/organizations/join/\S+)", str(mail.outbox[-1].body))
    assert match
    return match[1]

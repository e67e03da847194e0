"""Fixtures: an organization with a manager, a reviewer and a member, and their browsers."""

from collections.abc import Callable

import pytest
from django.test import Client

from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, REVIEWER
from web.organizations.models import Membership, Organization


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

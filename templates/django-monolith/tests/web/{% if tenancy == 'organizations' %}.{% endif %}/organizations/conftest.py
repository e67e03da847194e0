"""An organisation with a manager, a reviewer and a member, and their browsers."""

from collections.abc import Callable

import pytest
from django.test import Client

from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, REVIEWER
from web.organizations.models import Membership, Organization


@pytest.fixture
def harbour(mia: User, make_user: Callable[..., User]) -> Organization:
    """Mia is a member, Ben manages, Rosa reviews."""
    organization = Organization.objects.create(name="Harbour")
    organization.admit(mia, role=MEMBER)
    organization.admit(make_user("ben"), role=MANAGER)
    organization.admit(make_user("rosa"), role=REVIEWER)
    return organization


@pytest.fixture
def ben(harbour: Organization) -> User:
    """Who manages."""
    return User.objects.get(email="ben@example.com")


@pytest.fixture
def manager(ben: User) -> Client:
    """Ben's browser, signed in."""
    client = Client()
    client.force_login(ben)
    return client


@pytest.fixture
def of_mia(harbour: Organization, mia: User) -> Membership:
    """What makes Mia a member."""
    return harbour.memberships.get(user=mia)

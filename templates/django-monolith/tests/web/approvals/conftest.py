"""Fixtures: a request, and a person who may decide on it."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from web.accounts.models import User
from web.accounts.roles import MANAGER
from web.approvals import services
from web.approvals.models import ApprovalRequest
from web.tenancy import assign, settle


@pytest.fixture
def ben(make_user: Callable[..., User], mia: User) -> User:
    """Return Ben, a colleague of Mia who may decide."""
    ben = make_user("ben", is_staff=True)
    assign(MANAGER, to=ben, tenant=settle("Mia & Ben", [mia, ben]))
    ben.groups.add(Group.objects.get(name=MANAGER))  # the back office checks only groups
    return ben


@pytest.fixture
def approval(mia: User, ben: User) -> ApprovalRequest:
    """Return a request by Mia."""
    return services.submit(
        title="New chair",
        amount=Decimal("250.00"),
        purpose="The old one is broken.",
        tenant=settle("Mia & Ben", [mia, ben]),
        by=mia,
    )


@pytest.fixture
def decider(ben: User) -> Client:
    """Return Ben's browser, signed in."""
    client = Client()
    client.force_login(ben)
    return client

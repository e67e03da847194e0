"""A request, and somebody who may decide on it."""

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
    """Somebody who works with Mia and may decide."""
    ben = make_user("ben", is_staff=True)
    assign(MANAGER, to=ben, tenant=settle("Mia & Ben", [mia, ben]))
    ben.groups.add(Group.objects.get(name=MANAGER))  # the back office knows groups alone
    return ben


@pytest.fixture
def approval(mia: User, ben: User) -> ApprovalRequest:
    """A request that Mia made."""
    return services.submit(
        title="New chair",
        amount=Decimal("250.00"),
        purpose="The old one is broken.",
        tenant=settle("Mia & Ben", [mia, ben]),
        by=mia,
    )


@pytest.fixture
def decider(ben: User) -> Client:
    """Ben's browser, signed in."""
    client = Client()
    client.force_login(ben)
    return client

"""Invitations: how many, of which role, and for how long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests.web.organizations.conftest import NEW
from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, REVIEWER, ROLES
from web.organizations.models import Invitation
from web.organizations.permissions import MANAGE
from web.organizations.tasks import forget_old_invitations


def test_an_organization_cannot_write_to_the_whole_world(
    manager: Client, invite: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of open invitations is limited."""
    monkeypatch.setattr("web.organizations.services.MOST_INVITATIONS", 1)
    invite("noor@example.com")
    response = manager.post(NEW, {"email": "else@example.com", "role": MEMBER})
    assert "withdraw some first" in response.text


def test_withdrawing_and_inviting_again_makes_no_storm(
    manager: Client, invite: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Withdraw and invite again does not bypass the limits of an address or an organization."""
    invite("noor@example.com")
    withdraw = f"/organizations/members/invitations/{Invitation.objects.get().pk}/withdraw"
    manager.post(withdraw)
    again = manager.post(NEW, {"email": "Noor@example.com", "role": MEMBER})
    assert "a moment ago: wait a minute" in again.text
    monkeypatch.setattr("web.organizations.services.MOST_INVITATIONS", 1)
    other = manager.post(NEW, {"email": "else@example.com", "role": MEMBER})
    assert "were sent within an hour" in other.text
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("role", "is_offered"), [(MANAGER, True), (REVIEWER, False)])
def test_nobody_invites_above_themselves(
    manager: Client, ben: User, monkeypatch: pytest.MonkeyPatch, role: str, is_offered: bool
) -> None:
    """The form offers only the roles that the person may give."""
    monkeypatch.setitem(ROLES, REVIEWER, frozenset({MANAGE}))
    ben.memberships.update(role=role)
    assert ('value="manager"' in manager.get(NEW).text) is is_offered
    manager.post(NEW, {"email": "n@example.com", "role": MANAGER})
    assert Invitation.objects.exists() is is_offered


def test_old_invitations_are_forgotten(invite: Callable[..., str]) -> None:
    """An invitation and its address are deleted a month after it expired."""
    invite("noor@example.com")
    forget_old_invitations.call()
    assert Invitation.objects.count() == 1
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=31))
    forget_old_invitations.call()
    assert Invitation.objects.count() == 0

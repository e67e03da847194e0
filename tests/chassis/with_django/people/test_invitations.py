"""What keeps an invitation's link safe."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.account.utils import setup_user_email
from allauth.core.context import request_context
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone

from chassis.django.people import invitations
from chassis.django.people.adapters import AccountAdapter, SocialAccountAdapter

pytestmark = pytest.mark.django_db
OPEN = {invitations.digest("good"): "noor@example.com"}


def invited(key: str) -> str | None:
    """Give the address of an open invitation."""
    return OPEN.get(key)


@pytest.fixture
def visitor(settings: Any) -> Iterator[HttpRequest]:
    """Give the request of somebody who is not signed in, where sign-up is closed."""
    settings.INVITED = f"{__name__}.invited"
    settings.SIGN_UP_OPEN = False
    request = RequestFactory().get("/")
    request.user, request.session = AnonymousUser(), {}  # type: ignore[assignment]
    with request_context(request):
        yield request


def test_token_cannot_be_guessed_and_its_hash_tells_nothing() -> None:
    """256 random bits, and nothing of them in what is stored."""
    token = invitations.new_token()
    assert len(token) == 43
    assert invitations.new_token() != token
    assert token not in invitations.digest(token)


@pytest.mark.parametrize("token", ["", "\0", "\ud800", "x" * 5000])
def test_anything_has_a_hash(token: str) -> None:
    """What somebody types in place of a token is looked up like one."""
    assert len(invitations.digest(token)) == 64


def test_invitation_lasts_a_week() -> None:
    """And no longer."""
    assert (invitations.expiry() - timezone.now()).days == 6


def test_mails_are_counted() -> None:
    """So many within a time, of each kind by itself."""

    def asked(what: str, within: timedelta = timedelta(minutes=1)) -> bool:
        return invitations.is_too_often(what, most=2, within=within)

    assert [asked("to a@example.com") for _ in range(3)] == [False, False, True]
    assert not asked("to b@example.com")
    assert [asked("to c@example.com", timedelta(seconds=-1)) for _ in range(3)] == [False] * 3


@pytest.mark.parametrize(("token", "is_open"), [("good", True), ("withdrawn", False)])
def test_sign_up_is_open_while_the_invitation_is(
    visitor: HttpRequest, token: str, is_open: bool
) -> None:
    """It is asked at every step, not when the link was opened alone."""
    assert not AccountAdapter().is_open_for_signup(visitor)
    invitations.hold(visitor, invitations.digest(token))
    assert AccountAdapter().is_open_for_signup(visitor) is is_open
    invitations.release(visitor)
    assert not AccountAdapter().is_open_for_signup(visitor)


def test_other_address_is_refused(visitor: HttpRequest) -> None:
    """The link opens the door for one mailbox; a signed-in person adds what addresses they like."""
    invitations.hold(visitor, invitations.digest("good"))
    assert AccountAdapter().clean_email("Noor@example.com") == "Noor@example.com"
    with pytest.raises(ValidationError, match=r"Your invitation is for noor@example\.com"):
        AccountAdapter().clean_email("else@example.com")
    visitor.user = SimpleNamespace(is_authenticated=True)  # type: ignore[assignment]
    assert AccountAdapter().clean_email("else@example.com") == "else@example.com"


def test_forgotten_password_is_asked_for_by_any_address(visitor: HttpRequest) -> None:
    """Whoever opened a link may have an account with another address."""
    invitations.hold(visitor, invitations.digest("good"))
    visitor.resolver_match = resolve("/accounts/password/reset/")
    assert AccountAdapter().clean_email("else@example.com") == "else@example.com"


def test_link_proves_its_own_address_alone(visitor: HttpRequest) -> None:
    """Whoever makes somebody open a link adds no address to the account that they make next."""
    invitations.hold(visitor, invitations.digest("good"))
    assert AccountAdapter().is_email_verified(visitor, "Noor@example.com")
    assert not AccountAdapter().is_email_verified(visitor, "else@example.com")
    mia = User.objects.create(username="mia", email="mia@example.com")
    setup_user_email(visitor, mia, [])
    assert not EmailAddress.objects.filter(email="noor@example.com").exists()


@pytest.mark.parametrize(("email", "is_open"), [("NOOR@example.com", True), ("e@e.com", False)])
def test_account_of_an_identity_provider_needs_the_invited_address(
    visitor: HttpRequest, email: str, is_open: bool
) -> None:
    """Where sign-up is closed, an invitation opens it for one mailbox there too."""
    login = SimpleNamespace(email_addresses=[EmailAddress(email=email)])
    assert not SocialAccountAdapter().is_open_for_signup(visitor, login)
    invitations.hold(visitor, invitations.digest("good"))
    assert SocialAccountAdapter().is_open_for_signup(visitor, login) is is_open


def test_service_without_invitations_invites_nobody(visitor: HttpRequest, settings: Any) -> None:
    """An older one has no such setting."""
    del settings.INVITED
    invitations.hold(visitor, invitations.digest("good"))
    assert invitations.invited_address(visitor) is None


def test_address_is_somebodys_when_it_was_proved() -> None:
    """What stands in an account unproved counts for nothing."""
    noor = User.objects.create(username="noor")
    address = EmailAddress.objects.create(user=noor, email="noor@example.com", verified=False)
    assert not invitations.owns(noor, "noor@example.com")
    address.verified = True
    address.save()
    assert invitations.owns(noor, "NOOR@example.com")
    assert invitations.has_account("noor@example.com")
    assert not invitations.has_account("else@example.com")

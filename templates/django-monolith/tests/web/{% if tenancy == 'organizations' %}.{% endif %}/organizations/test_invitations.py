"""Invitations: a link that adds one person, once."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from allauth.account.models import EmailAddress
from chassis.django.models import AuditEvent
from chassis.django.people import invitations
from chassis.problems import ProblemError
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.web.conftest import PASSWORD
from tests.web.organizations.conftest import NEW, last_link
from web.accounts.models import User
from web.accounts.roles import MEMBER, REVIEWER
from web.organizations import services
from web.organizations.models import Invitation, Organization
from web.tenancy import assign


def test_mail_says_who_invites_to_what(invite: Callable[..., str]) -> None:
    """The email explains the invitation, and the token is not stored."""
    link = invite("noor@example.com")
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["noor@example.com"], "Ben invites you to Harbour")
    assert "with the role Reviewer" in str(sent.body)
    stored = Invitation.objects.get()
    assert stored.token_hash == invitations.digest(link.rpartition("/")[2])
    assert stored.token_hash not in link


def test_person_without_an_account_signs_up_through_the_link(
    invite: Callable[..., str], harbour: Organization, settings: Settings
) -> None:
    """An invited person can sign up although sign-up is closed, and verifies no address again."""
    settings.SIGN_UP_OPEN = False
    link, visitor = invite("noor@example.com"), Client()
    sign_up = "/accounts/signup/?email=noor%40example.com"
    assert sign_up in visitor.get(link).text
    assert 'value="noor@example.com"' in visitor.get(sign_up).text
    page = visitor.post("/accounts/signup/", account("noor@example.com"), follow=True)
    assert "You are now a member of Harbour." in page.text
    noor = User.objects.get(email="noor@example.com")
    assert EmailAddress.objects.get(user=noor).verified
    assert [row.role for row in noor.memberships.all()] == [REVIEWER]
    assert len(mail.outbox) == 1
    assert visitor.get(link).status_code == 404


def account(email: str) -> dict[str, str]:
    """Return the fields of the sign-up form."""
    return {"email": email, "password1": PASSWORD, "password2": PASSWORD}


@pytest.mark.django_db(transaction=True)
def test_sign_up_outside_of_a_test_transaction(invite: Callable[..., str]) -> None:
    """Joining runs in its own transaction, outside the sign-up's."""
    visitor = Client()
    visitor.get(invite("noor@example.com"))
    page = visitor.post("/accounts/signup/", account("noor@example.com"), follow=True)
    assert "You are now a member of Harbour." in page.text


def test_sign_up_by_invitation_is_for_the_invited_address(invite: Callable[..., str]) -> None:
    """The link allows sign-up only with the invited address."""
    visitor = Client()
    visitor.get(invite("noor@example.com"))
    page = visitor.post("/accounts/signup/", account("other@example.com"))
    assert "Your invitation is for noor@example.com" in page.text
    assert not User.objects.filter(email="other@example.com").exists()


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_sign_up_closes_with_the_invitation(
    manager: Client, invite: Callable[..., str], how: str
) -> None:
    """Sign-up is closed if the invitation expired after its link was opened."""
    visitor = Client()
    link = invite("noor@example.com")
    visitor.get(link)
    if how == "withdrawn":
        manager.post(f"/organizations/members/invitations/{Invitation.objects.get().pk}/withdraw")
    else:
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    visitor.post("/accounts/signup/", account("noor@example.com"))
    assert not User.objects.filter(email="noor@example.com").exists()
    assert visitor.get(link).status_code == 404


def test_person_with_an_account_signs_in_and_joins(
    invite: Callable[..., str], make_user: Callable[..., User], harbour: Organization
) -> None:
    """A link works once; then the organization is selected."""
    noor, link, visitor = make_user("noor"), invite("noor@example.com"), Client()
    page = visitor.get(link).text
    assert f"/accounts/login/?next={link}" in page
    visitor.force_login(noor)
    assert "Join Harbour</button>" in visitor.get(link).text
    assert not noor.memberships.filter(organization=harbour).exists()  # a GET changes nothing
    assert "You are now a member of Harbour." in visitor.post(link, follow=True).text
    assert visitor.session["organization"] == str(harbour.pk)
    assert visitor.post(link).status_code == 404
    event = AuditEvent.objects.get(action="invitation.accepted")
    assert event.actor == str(noor.pk)
    assert REVIEWER in str(event.before)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_joins(
    invite: Callable[..., str], make_user: Callable[..., User], harbour: Organization
) -> None:
    """Two simultaneous clicks accept an invitation once."""
    noor, key = make_user("noor"), invitations.digest(invite("noor@example.com").rpartition("/")[2])
    start, outcomes = Barrier(2), list[str]()

    def join() -> None:
        start.wait()
        try:
            services.join(key=key, by=noor)
            outcomes.append("joined")
        except ProblemError as refusal:
            outcomes.append(str(refusal.slug))
        finally:
            connection.close()

    threads = [Thread(target=join) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["invitation-gone", "joined"]
    assert harbour.memberships.filter(user=noor).count() == 1


def test_somebody_else_is_told_so(invite: Callable[..., str], browser: Client, mia: User) -> None:
    """A forwarded link does not work for another person."""
    link = invite("noor@example.com")
    for response in (browser.get(link), browser.post(link)):
        assert "It was sent to noor@example.com, but you are signed in as mia" in response.text
    assert Invitation.objects.count() == 1


def test_unproved_address_is_not_theirs(
    invite: Callable[..., str], browser: Client, mia: User
) -> None:
    """An unverified address in an account does not accept the invitation to it."""
    EmailAddress.objects.create(user=mia, email="noor@example.com", verified=False)
    assert "This invitation is for another person" in browser.get(invite("noor@example.com")).text


def test_member_is_told(
    invite: Callable[..., str], make_user: Callable[..., User], harbour: Organization
) -> None:
    """The link tells a member that there is nothing to accept."""
    noor, link, visitor = make_user("noor"), invite("noor@example.com"), Client()
    harbour.admit(noor)
    visitor.force_login(noor)
    assert "You are already a member of Harbour" in visitor.get(link).text


def test_invitation_of_somebody_who_may_not_any_more_is_dead(
    invite: Callable[..., str], make_user: Callable[..., User], harbour: Organization, ben: User
) -> None:
    """The invitations of a demoted manager stop working."""
    noor, link, visitor = make_user("noor"), invite("noor@example.com"), Client()
    assign(MEMBER, to=ben, tenant=harbour.pk)
    visitor.force_login(noor)
    assert "ask for a new one" in visitor.post(link).text
    assert not noor.memberships.filter(organization=harbour).exists()


def test_resent_link_replaces_the_first(manager: Client, invite: Callable[..., str]) -> None:
    """Resend works at most once a minute; the new link is valid for another week."""
    first = invite("noor@example.com")
    resend = f"/organizations/members/invitations/{Invitation.objects.get().pk}/resend"
    assert "a moment ago: wait a minute" in manager.post(resend, follow=True).text
    Invitation.objects.update(expires_at=timezone.now())
    cache.clear()
    assert "Expired" in manager.get("/organizations/members").text
    assert "A new link was sent to" in manager.post(resend, follow=True).text
    assert Client().get(first).status_code == 404
    assert Client().get(last_link()).status_code == 200
    assert AuditEvent.objects.filter(action="invitation.resent").count() == 1


def test_withdrawn_link_is_dead(manager: Client, invite: Callable[..., str]) -> None:
    """Withdrawing deletes the address; the audit trail keeps the event."""
    link = invite("noor@example.com")
    withdraw = f"/organizations/members/invitations/{Invitation.objects.get().pk}/withdraw"
    assert "was withdrawn" in manager.post(withdraw, follow=True).text
    assert Client().get(link).status_code == 404
    assert manager.post(withdraw).status_code == 404
    event = AuditEvent.objects.get(action="invitation.withdrawn")
    assert "noor" not in str(event.before)


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("MIA@example.com", "is already a member of Harbour"),
        ("noor@example.com", "is already invited"),
        ("", "required"),
        ("x" * 5000 + "@example.com", "at most 254 characters"),
        ("a@example.com\0", "Null characters are not allowed"),
        ("a@example.com\nBcc: b@example.com", "valid email address"),
        ("<script>alert(1)</script>@example.com", "valid email address"),
    ],
)
def test_address_that_will_not_do_is_explained(
    manager: Client, invite: Callable[..., str], email: str, sentence: str
) -> None:
    """The error is next to the field, and no email is sent."""
    invite("noor@example.com")
    response = manager.post(NEW, {"email": email, "role": MEMBER})
    assert response.status_code == 200
    assert sentence in response.text
    assert "<script>" not in response.text
    assert len(mail.outbox) == 1


def test_names_cannot_add_a_header(
    manager: Client, ben: User, harbour: Organization, invite: Callable[..., str]
) -> None:
    """The subject contains no line breaks from names of people or organizations."""
    User.objects.filter(pk=ben.pk).update(name="Ben\r\nBcc: b@example.com")
    Organization.objects.filter(pk=harbour.pk).update(name="Har\nbour")
    invite("noor@example.com")
    assert mail.outbox[-1].subject == "Ben Bcc: b@example.com invites you to Har bour"
    assert mail.outbox[-1].recipients() == ["noor@example.com"]


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "<script>", "%F0%9F%92%A9", "..%2F"])
def test_link_that_nobody_sent_is_not_found(token: str) -> None:
    """A link with an invalid token is a 404."""
    assert Client().get(f"/organizations/join/{token}").status_code == 404

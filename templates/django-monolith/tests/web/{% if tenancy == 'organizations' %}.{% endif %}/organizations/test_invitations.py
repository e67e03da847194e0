"""An invitation brings one person in, by a link that works once."""

import re
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
from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, REVIEWER, ROLES
from web.organizations import services
from web.organizations.models import Invitation, Organization
from web.organizations.permissions import MANAGE
from web.organizations.tasks import forget_old_invitations
from web.tenancy import assign

NEW = "/organizations/members/invite"


@pytest.fixture
def invite(manager: Client) -> Callable[..., str]:
    """Give a function that invites an address and gives the path of the mailed link."""
    cache.clear()  # it remembers who was written to

    def invite(email: str, role: str = REVIEWER) -> str:
        page = manager.post(NEW, {"email": email, "role": role}, follow=True)
        assert f"{email} gets a mail" in page.text
        return last_link()

    return invite


def last_link() -> str:
    """Give the path of the link in the newest mail."""
    found = re.search(r"http://testserver(/organizations/join/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_mail_says_who_invites_to_what(invite: Callable[..., str]) -> None:
    """Its reader can tell what it is about, and the token is stored nowhere."""
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
    """Though sign-up is closed; the link proved the address, so no second mail asks for it."""
    settings.SIGN_UP_OPEN = False
    link, visitor = invite("noor@example.com"), Client()
    sign_up = "/accounts/signup/?email=noor%40example.com"
    assert sign_up in visitor.get(link).text
    assert 'value="noor@example.com"' in visitor.get(sign_up).text
    page = visitor.post("/accounts/signup/", account("noor@example.com"), follow=True)
    assert "You belong to Harbour now." in page.text
    noor = User.objects.get(email="noor@example.com")
    assert EmailAddress.objects.get(user=noor).verified
    assert [row.role for row in noor.memberships.all()] == [REVIEWER]
    assert len(mail.outbox) == 1
    assert visitor.get(link).status_code == 404


def account(email: str) -> dict[str, str]:
    """Give what somebody types to sign up."""
    return {"email": email, "password1": PASSWORD, "password2": PASSWORD}


@pytest.mark.django_db(transaction=True)
def test_sign_up_outside_of_a_test_transaction(invite: Callable[..., str]) -> None:
    """Joining is a transaction of its own, and sign-up opens none around it."""
    visitor = Client()
    visitor.get(invite("noor@example.com"))
    page = visitor.post("/accounts/signup/", account("noor@example.com"), follow=True)
    assert "You belong to Harbour now." in page.text


def test_sign_up_by_invitation_is_for_the_invited_address(invite: Callable[..., str]) -> None:
    """The link opens the door for one mailbox."""
    visitor = Client()
    visitor.get(invite("noor@example.com"))
    page = visitor.post("/accounts/signup/", account("other@example.com"))
    assert "Your invitation is for noor@example.com" in page.text
    assert not User.objects.filter(email="other@example.com").exists()


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_sign_up_closes_with_the_invitation(
    manager: Client, invite: Callable[..., str], how: str
) -> None:
    """Whoever opened the link in time and comes back too late finds sign-up closed."""
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
    """Once: the link is dead afterwards, and the organisation is in use."""
    noor, link, visitor = make_user("noor"), invite("noor@example.com"), Client()
    page = visitor.get(link).text
    assert f"/accounts/login/?next={link}" in page
    visitor.force_login(noor)
    assert "Join Harbour</button>" in visitor.get(link).text
    assert not noor.memberships.filter(organization=harbour).exists()  # looking changes nothing
    assert "You belong to Harbour now." in visitor.post(link, follow=True).text
    assert visitor.session["organization"] == str(harbour.pk)
    assert visitor.post(link).status_code == 404
    event = AuditEvent.objects.get(action="invitation.accepted")
    assert event.actor == str(noor.pk)
    assert REVIEWER in str(event.before)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_joins(
    invite: Callable[..., str], make_user: Callable[..., User], harbour: Organization
) -> None:
    """A link that is pressed twice is taken once."""
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
    """A forwarded link lets nobody else in."""
    link = invite("noor@example.com")
    for response in (browser.get(link), browser.post(link)):
        assert "It was sent to noor@example.com, and you are signed in as mia" in response.text
    assert Invitation.objects.count() == 1


def test_unproved_address_is_not_theirs(
    invite: Callable[..., str], browser: Client, mia: User
) -> None:
    """Whoever typed the address into their account has not shown that they read its mail."""
    EmailAddress.objects.create(user=mia, email="noor@example.com", verified=False)
    assert "This invitation is for somebody else" in browser.get(invite("noor@example.com")).text


def test_member_is_told(
    invite: Callable[..., str], make_user: Callable[..., User], harbour: Organization
) -> None:
    """A link that comes too late says that there is nothing to accept."""
    noor, link, visitor = make_user("noor"), invite("noor@example.com"), Client()
    harbour.admit(noor)
    visitor.force_login(noor)
    assert "You belong to Harbour already" in visitor.get(link).text


def test_invitation_of_somebody_who_may_not_any_more_is_dead(
    invite: Callable[..., str], make_user: Callable[..., User], harbour: Organization, ben: User
) -> None:
    """A manager who was demoted brings nobody in afterwards."""
    noor, link, visitor = make_user("noor"), invite("noor@example.com"), Client()
    assign(MEMBER, to=ben, tenant=harbour.pk)
    visitor.force_login(noor)
    assert "ask for another" in visitor.post(link).text
    assert not noor.memberships.filter(organization=harbour).exists()


def test_resent_link_replaces_the_first(manager: Client, invite: Callable[..., str]) -> None:
    """At most once a minute; the new one is good for another week."""
    first = invite("noor@example.com")
    resend = f"/organizations/members/invitations/{Invitation.objects.get().pk}/resend"
    assert "written to a moment ago" in manager.post(resend, follow=True).text
    Invitation.objects.update(expires_at=timezone.now())
    cache.clear()
    assert "Expired" in manager.get("/organizations/members").text
    assert "gets another mail" in manager.post(resend, follow=True).text
    assert Client().get(first).status_code == 404
    assert Client().get(last_link()).status_code == 200
    assert AuditEvent.objects.filter(action="invitation.resent").count() == 1


def test_withdrawn_link_is_dead(manager: Client, invite: Callable[..., str]) -> None:
    """And the address is gone with it; the trail keeps that it happened."""
    link = invite("noor@example.com")
    withdraw = f"/organizations/members/invitations/{Invitation.objects.get().pk}/withdraw"
    assert "is withdrawn" in manager.post(withdraw, follow=True).text
    assert Client().get(link).status_code == 404
    assert manager.post(withdraw).status_code == 404
    event = AuditEvent.objects.get(action="invitation.withdrawn")
    assert "noor" not in str(event.before)


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("MIA@example.com", "belongs to Harbour already"),
        ("noor@example.com", "is invited already"),
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
    """Beside the field, and no mail is sent."""
    invite("noor@example.com")
    response = manager.post(NEW, {"email": email, "role": MEMBER})
    assert response.status_code == 200
    assert sentence in response.text
    assert "<script>" not in response.text
    assert len(mail.outbox) == 1


def test_names_cannot_add_a_header(
    manager: Client, ben: User, harbour: Organization, invite: Callable[..., str]
) -> None:
    """Line breaks in the name of a person or an organisation stay out of the subject."""
    User.objects.filter(pk=ben.pk).update(name="Ben\r\nBcc: b@example.com")
    Organization.objects.filter(pk=harbour.pk).update(name="Har\nbour")
    invite("noor@example.com")
    assert mail.outbox[-1].subject == "Ben Bcc: b@example.com invites you to Har bour"
    assert mail.outbox[-1].recipients() == ["noor@example.com"]


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "<script>", "%F0%9F%92%A9", "..%2F"])
def test_link_that_nobody_sent_is_not_found(token: str) -> None:
    """Whatever stands in its place."""
    assert Client().get(f"/organizations/join/{token}").status_code == 404


def test_an_organisation_cannot_write_to_the_whole_world(
    manager: Client, invite: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many invitations wait at a time and no more."""
    monkeypatch.setattr("web.organizations.services.MOST_INVITATIONS", 1)
    invite("noor@example.com")
    response = manager.post(NEW, {"email": "else@example.com", "role": MEMBER})
    assert "withdraw some first" in response.text


def test_withdrawing_and_inviting_again_makes_no_storm(
    manager: Client, invite: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one address nor the organisation as a whole gets around its limit that way."""
    invite("noor@example.com")
    withdraw = f"/organizations/members/invitations/{Invitation.objects.get().pk}/withdraw"
    manager.post(withdraw)
    again = manager.post(NEW, {"email": "Noor@example.com", "role": MEMBER})
    assert "written to a moment ago" in again.text
    monkeypatch.setattr("web.organizations.services.MOST_INVITATIONS", 1)
    other = manager.post(NEW, {"email": "else@example.com", "role": MEMBER})
    assert "were sent within an hour" in other.text
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("role", "is_offered"), [(MANAGER, True), (REVIEWER, False)])
def test_nobody_invites_above_themselves(
    manager: Client, ben: User, monkeypatch: pytest.MonkeyPatch, role: str, is_offered: bool
) -> None:
    """The form offers the roles that one may give; another one is no choice."""
    monkeypatch.setitem(ROLES, REVIEWER, frozenset({MANAGE}))
    ben.memberships.update(role=role)
    assert ('value="manager"' in manager.get(NEW).text) is is_offered
    manager.post(NEW, {"email": "n@example.com", "role": MANAGER})
    assert Invitation.objects.exists() is is_offered


def test_old_invitations_are_forgotten(invite: Callable[..., str]) -> None:
    """A month after the end the address goes too."""
    invite("noor@example.com")
    forget_old_invitations.call()
    assert Invitation.objects.count() == 1
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=31))
    forget_old_invitations.call()
    assert Invitation.objects.count() == 0

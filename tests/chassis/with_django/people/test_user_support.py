"""`manage.py user`: what support does for one person, each with a reason in the trail."""

import io
from typing import Any
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from chassis.django.models import AuditEvent

pytestmark = pytest.mark.django_db
EMAIL, REASON = "mia@example.com", "ticket 71"


@pytest.fixture
def mia() -> User:
    """Somebody with a proved address, a group, a second factor, and a session in their list."""
    user = User.objects.create_user("mia", EMAIL, "a long enough phrase")
    EmailAddress.objects.create(user=user, email=EMAIL, primary=True, verified=True)
    user.groups.add(Group.objects.create(name="clerks"))
    TOTP.activate(user, "A" * 32)
    UserSession.objects.create(user=user, session_key="listed", ip="127.0.0.1")
    return user


@pytest.fixture
def browser(mia: User) -> Client:
    """Mia's browser, signed in."""
    client = Client()
    client.force_login(mia)
    return client


def run(*arguments: str) -> str:
    """Run the command and give what it printed."""
    out = io.StringIO()
    call_command("user", *arguments, stdout=out)
    return out.getvalue()


def tenants_of(user: User) -> dict[UUID, str]:
    """Where somebody belongs."""
    return {UUID(int=7): "Harbour"}


def roles_of(user: User, tenant: UUID) -> set[str]:
    """What they are there."""
    return {"reviewer"}


def test_person_is_shown(mia: User, browser: Client, settings: Any) -> None:
    """Who it is, what they may do and how they come in; no secret is."""
    settings.TENANTS_OF = f"{__name__}.tenants_of"
    settings.ROLES_OF = f"{__name__}.roles_of"
    shown = run("show", "MIA@example.com")
    for text in (
        f"{mia.pk}",
        "active, not staff, not superuser",
        f"{EMAIL}, proved",
        "clerks",
        "Harbour: reviewer",
        "totp, since",
        "127.0.0.1, seen",
    ):
        assert text in shown
    assert "A" * 32 not in shown
    assert mia.password not in shown


def test_person_is_switched_off_and_on(mia: User, browser: Client) -> None:
    """Off is at once, wherever they were signed in."""
    assert browser.get("/private").status_code == 200
    assert "1 sessions have ended" in run("deactivate", EMAIL, "--reason", REASON)
    assert browser.get("/private").status_code == 302
    run("reactivate", EMAIL, "--reason", REASON)
    assert browser.get("/private").status_code == 302
    assert User.objects.get().is_active
    trail = {event.action: event for event in AuditEvent.objects.order_by("id")}
    for action in ("user.deactivated", "user.reactivated"):
        assert trail[action].after == {"reason": REASON}
    assert trail["user.rights_changed"].before == {"is_active": False}


def test_person_is_signed_out_everywhere(browser: Client) -> None:
    """And may sign in again."""
    assert "1 sessions have ended" in run("end-sessions", EMAIL, "--reason", REASON)
    assert browser.get("/private").status_code == 302
    assert AuditEvent.objects.get(action="sessions.ended").after == {"reason": REASON}


def test_lost_factors_are_taken(mia: User) -> None:
    """Each is in the trail, and why."""
    assert "1 second factors are gone" in run("remove-factors", EMAIL, "--reason", REASON)
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.get(action="second_factors.reset").after == {
        "reason": REASON,
        "removed": 1,
    }
    assert AuditEvent.objects.filter(action="second_factor.removed").count() == 1


def test_reset_is_mailed(mia: User) -> None:
    """The link leads to the address that people know, or to the one that is given."""
    assert "link to testserver" in run("send-reset", EMAIL, "--reason", REASON)
    assert "https://testserver/accounts/password/reset/key/" in str(mail.outbox[-1].body)
    AuditEvent.objects.get(action="password.reset_sent")
    mia.is_active = False
    mia.save()
    assert "No mail was sent" in run("send-reset", EMAIL, "--reason", REASON)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("verb", ["show", "deactivate", "send-reset"])
def test_unknown_address_is_one_sentence(verb: str) -> None:
    """It is repeated, and nothing is done."""
    reason = [] if verb == "show" else ["--reason", REASON]
    with pytest.raises(CommandError, match=r"No account has the address no@example\.com: search"):
        run(verb, "no@example.com", *reason)


@pytest.mark.parametrize("reason", [[], ["--reason", " "]])
def test_nothing_is_changed_without_a_reason(mia: User, reason: list[str]) -> None:
    """The trail would not say why."""
    with pytest.raises(CommandError, match="--reason"):
        run("deactivate", EMAIL, *reason)
    assert User.objects.get().is_active


def test_whoever_proved_the_address_is_meant(mia: User) -> None:
    """And nobody who only added it to their own list."""
    EmailAddress.objects.filter(user=mia).delete()
    other = User.objects.create_user("other", "other@example.com", "a long enough phrase")
    EmailAddress.objects.create(user=other, email=EMAIL, verified=False)
    EmailAddress.objects.create(user=mia, email=EMAIL, primary=True, verified=True)
    run("deactivate", EMAIL, "--reason", REASON)
    other.refresh_from_db()
    mia.refresh_from_db()
    assert (other.is_active, mia.is_active) == (True, False)


def test_host_that_is_not_ours_is_refused(mia: User) -> None:
    """A link in a mail leads to this service; the sentence says which names it has."""
    with pytest.raises(CommandError, match=r"nonsense is not a host .* ALLOWED_HOSTS"):
        run("send-reset", EMAIL, "--reason", REASON, "--host", "nonsense")
    assert mail.outbox == []

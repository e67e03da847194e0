"""The audit trail: what is recorded by itself, and that nobody can change it."""

import psycopg
import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.test import Client

from chassis.django.audit import rows
from chassis.django.audit.trail import record
from chassis.django.models import AuditEvent

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "a long enough phrase"


@pytest.fixture
def mia() -> User:
    """Somebody with an account, made before the trail is looked at."""
    return User.objects.create_user("mia", "mia@example.com", PASSWORD)


def actions() -> list[str]:
    """Give what was recorded, oldest first."""
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE platform.audit_event SET actor = 'somebody else'",
        "DELETE FROM platform.audit_event",
        "TRUNCATE platform.audit_event",
    ],
)
@pytest.mark.parametrize("granted", [False, True])
def test_event_stays_as_it_was_written(statement: str, granted: bool) -> None:
    """The service's role cannot change or remove an event, granted everything or not."""
    event = record("thing.done", after={"size": 3})
    with connection.cursor() as cursor:
        if granted:
            cursor.execute("GRANT ALL ON platform.audit_event TO CURRENT_USER")
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            cursor.execute(statement)
    cause = refused.value.__cause__
    assert isinstance(cause, psycopg.errors.InsufficientPrivilege)
    assert ("append-only" if granted else "permission denied") in str(cause)
    assert AuditEvent.objects.get().pk == event.pk


def test_event_vanishes_with_its_transaction() -> None:
    """What did not happen is not recorded."""

    def fail() -> None:
        record("thing.done")
        raise LookupError

    with pytest.raises(LookupError), transaction.atomic():
        fail()
    assert actions() == []


def test_event_keeps_secrets_out(mia: User) -> None:
    """A secret among what changed is replaced, and the subject is a key."""
    event = record("thing.done", actor=mia, subject=mia, before={"api_key": "x", "size": 1})
    event.refresh_from_db()
    assert event.before == {"api_key": "[redacted]", "size": 1}
    assert (event.actor, event.subject, event.subject_type) == (str(mia.pk),) * 2 + ("auth.user",)


def test_coming_and_going_is_recorded(mia: User) -> None:
    """A failed attempt, a sign-in and a sign-out, each with the request it happened in."""
    browser = Client()
    browser.post(LOGIN, {"login": "mia", "password": "no"})
    response = browser.post(LOGIN, {"login": "mia", "password": PASSWORD})
    browser.post("/accounts/logout/")
    assert actions() == [
        "user.created",
        "user.sign_in_failed",
        "user.signed_in",
        "user.signed_out",
    ]
    failed, signed_in = AuditEvent.objects.order_by("id")[1:3]
    assert (failed.actor, failed.subject) == (None, str(mia.pk))
    assert (signed_in.actor, signed_in.request_id) == (
        str(mia.pk),
        response.headers["X-Request-ID"],
    )


def test_unknown_address_is_not_stored(mia: User) -> None:
    """Whatever was typed into the form, perhaps a password, stays out."""
    Client().post(LOGIN, {"login": "hunter2", "password": "no"})
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.subject, event.after) == ("user.sign_in_failed", None, None)


def test_new_password_is_recorded_without_it(mia: User) -> None:
    """A change of password leaves the fact, and a sign-in's rehash leaves nothing."""
    mia.set_password("another long phrase")
    mia.save()
    mia.password = "md5$salt$rehashed"
    mia.save(update_fields=["password"])
    event = AuditEvent.objects.latest("id")
    assert actions() == ["user.created", "user.password_changed"]
    assert (event.before, event.after) == (None, None)


def test_new_rights_are_recorded(mia: User) -> None:
    """Flags and groups that give permissions, with what they were before."""
    mia.is_staff = True
    mia.save()
    event = AuditEvent.objects.latest("id")
    assert (event.before, event.after) == ({"is_staff": False}, {"is_staff": True})
    mia.groups.add(Group.objects.create(name="Reviewers"))
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.after) == ("permissions.granted", {"user_groups": ["Reviewers"]})
    mia.groups.clear()
    mia.delete()
    assert actions()[-2:] == ["permissions.cleared", "user.deleted"]


def test_trail_is_read_in_the_back_office(mia: User) -> None:
    """An administrator finds a person's events by their address and can change none."""
    root = User.objects.create_superuser("root@example.com", "root@example.com", PASSWORD)
    browser = Client()
    TOTP.activate(root, "A" * 32)
    browser.force_login(root)
    record("thing.done", actor=mia)
    page = "/admin/chassis/auditevent/"
    found = browser.get(page, {"q": "mia"}).text
    assert "thing.done" in found
    assert "user.signed_in" not in found.split('id="result_list"')[1].split("</table>")[0]
    event = AuditEvent.objects.latest("id")
    assert browser.get(f"{page}{event.pk}/change/").status_code == 200
    assert browser.post(f"{page}{event.pk}/change/", {"action": "x"}).status_code == 403
    assert browser.post(f"{page}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get(f"{page}add/").status_code == 403


def test_rows_of_a_watched_model_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added, changed and removed, with its named fields; a save that changes nothing is none."""
    monkeypatch.setattr(rows, "_watched", {})
    rows.watch(Group, "name")
    try:
        group = Group.objects.create(name="a")
        group.save()
        group.name = "b"
        group.save()
        key = str(group.pk)
        group.delete()
    finally:
        for signal in (pre_save, post_save, post_delete):
            for receiver in (rows._remember, rows._saved, rows._removed):
                signal.disconnect(receiver, sender=Group)
    found = AuditEvent.objects.filter(subject=key).order_by("id")
    assert [(event.action, event.before, event.after) for event in found] == [
        ("group.added", None, {"name": "a"}),
        ("group.changed", {"name": "a"}, {"name": "b"}),
        ("group.removed", {"name": "b"}, None),
    ]

"""Support for one person from a shell: show, deactivate, reactivate, sign out, reset.

The audit trail records each write with its reason. A shell has no signed-in person, so the event
has no actor: name a ticket as the reason, and no personal data, because events are kept.
"""

from collections.abc import Iterator
from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone
from django.utils.module_loading import import_string

from chassis.django.audit.trail import record
from chassis.django.people.roles import roles_of
from chassis.environment import lookup


def find(email: str) -> Any:
    """Return the person with this address, which may be a secondary one, or None.

    A person who verified the address comes before those who only added it to their list.
    """
    return next(iter(filter_users_by_email(email, prefer_verified=True)), None)


def describe(user: Any) -> Iterator[tuple[str, str]]:
    """Return a person's account, permissions and ways to sign in, as names and values."""
    yield "key", str(user.pk)
    if hasattr(user, "name"):
        yield "name", user.name or "-"
    flags = {"active": user.is_active, "staff": user.is_staff, "superuser": user.is_superuser}
    yield "account", ", ".join(flag if held else f"not {flag}" for flag, held in flags.items())
    yield "joined", _moment(user.date_joined)
    yield "last sign-in", _moment(user.last_login)
    for address in EmailAddress.objects.filter(user=user).order_by("-primary", "email"):
        yield "address", f"{address.email}, {'proved' if address.verified else 'not proved'}"
    yield "groups", ", ".join(user.groups.order_by("name").values_list("name", flat=True)) or "-"
    yield from _roles(user)
    for factor in Authenticator.objects.filter(user=user).order_by("created_at"):
        used = _moment(factor.last_used_at)
        yield "second factor", f"{factor.type}, since {_moment(factor.created_at)}, used {used}"
    for session in UserSession.objects.filter(user=user).order_by("-last_seen_at"):
        seen = _moment(session.last_seen_at)
        yield "session", f"{session.ip}, seen {seen}, {session.user_agent[:60]}"


@transaction.atomic
def deactivate(user: Any, *, reason: str) -> str:
    """Deactivate a person and sign them out."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    record("user.deactivated", subject=user, after={"reason": reason})
    return f"They cannot sign in any more; {_end_sessions(user)}"


@transaction.atomic
def reactivate(user: Any, *, reason: str) -> str:
    """Reactivate a person."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record("user.reactivated", subject=user, after={"reason": reason})
    return "They can sign in again."


@transaction.atomic
def end_sessions(user: Any, *, reason: str) -> str:
    """Sign a person out everywhere, and revoke the tokens that a hybrid issued for them."""
    record("sessions.ended", subject=user, after={"reason": reason})
    return _end_sessions(user).capitalize()


@transaction.atomic
def remove_factors(user: Any, *, reason: str) -> str:
    """Remove a person's second factors and recovery codes; staff enroll again at sign-in."""
    count = 0
    for factor in Authenticator.objects.filter(user=user):
        factor.delete()
        count += 1
    record("second_factors.reset", subject=user, after={"reason": reason, "removed": count})
    return f"{count} second factors are gone: their password lets them in alone until they enroll."


@transaction.atomic
def send_reset(user: Any, *, email: str, reason: str, host: str | None = None) -> str:
    """Mail a person a link that sets a password, on `host`: the first of ALLOWED_HOSTS."""
    request = RequestFactory(SERVER_NAME=host or _host()).get("/", secure=not settings.DEBUG)
    form = ResetPasswordForm({"email": email})
    with request_context(request):
        if not user.is_active or not form.is_valid():
            return "No mail was sent: reactivate them first."
        form.save(request)
    record("password.reset_sent", subject=user, after={"reason": reason})
    return f"A mail with a link to {request.get_host()} is on its way."


def _roles(user: Any) -> Iterator[tuple[str, str]]:
    path = getattr(settings, "TENANTS_OF", None)
    tenants: dict[Any, str] = import_string(path)(user) if path else {}
    for tenant, name in tenants.items():
        yield "roles", f"{name}: {', '.join(sorted(roles_of(user, tenant))) or '-'}"


def _end_sessions(user: Any) -> str:
    # not the list of sessions alone, which is the person's own and may lack one
    ended = {session.pk for session in _sessions(user)}
    Session.objects.filter(pk__in=ended).delete()
    UserSession.objects.filter(user=user).delete()
    if apps.is_installed("allauth.idp.oidc"):
        apps.get_model("allauth_idp_oidc", "Token")._default_manager.filter(user=user).delete()
    return f"{len(ended)} sessions have ended."


def _sessions(user: Any) -> Iterator[Session]:
    key = str(user.pk)
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == key:
            yield session


def _host() -> str:
    if settings.DEBUG:
        return f"127.0.0.1:{lookup(settings.SERVICE, 'WEB_PORT') or 8000}"
    return str(settings.ALLOWED_HOSTS[0]).removeprefix(".")


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if value else "never"

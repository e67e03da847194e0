"""Audit events for sign-ins and changes of rights, wherever Django makes them.

Changes without model signals (`QuerySet.update`, plain SQL) are not recorded.
"""

from collections.abc import Collection, Iterable
from typing import Any

from allauth.account import signals as account
from django.apps import apps
from django.contrib.auth import get_user_model, signals
from django.contrib.auth.models import Group
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from chassis.django.audit.trail import record

_RIGHTS = ("is_active", "is_staff", "is_superuser")
_WATCHED = {*_RIGHTS, "password"}
_BEFORE = "_audit_before"


def connect() -> None:
    """Connect the signals; a second call changes nothing."""
    user: Any = get_user_model()
    signals.user_logged_in.connect(_signed_in)
    signals.user_logged_out.connect(_signed_out)
    signals.user_login_failed.connect(_failed)
    account.email_changed.connect(_email_changed)
    pre_save.connect(_remember, sender=user)
    post_save.connect(_saved, sender=user)
    post_delete.connect(_deleted, sender=user)
    if apps.is_installed("allauth.mfa"):
        _connect_second_factors()
    if apps.is_installed("allauth.socialaccount"):
        _connect_identities()
    for relation in (user.groups, user.user_permissions, Group.permissions):
        m2m_changed.connect(_granted, sender=relation.through)


def _connect_second_factors() -> None:
    from allauth.mfa import signals as mfa  # noqa: PLC0415 - an app that settings may lack
    from allauth.mfa.models import Authenticator  # noqa: PLC0415

    # allauth's own signals miss the back office and are sent after the transaction
    post_save.connect(_second_factor_added, sender=Authenticator)
    post_delete.connect(_second_factor_removed, sender=Authenticator)
    mfa.authentication_failed.connect(_second_factor_failed)


def _connect_identities() -> None:
    from allauth.socialaccount.models import SocialAccount  # noqa: PLC0415

    post_save.connect(_identity_added, sender=SocialAccount)
    post_delete.connect(_identity_removed, sender=SocialAccount)


def _signed_in(*, user: Model, **_: Any) -> None:
    record("user.signed_in", actor=user, subject=user)


def _signed_out(*, user: Model | None, **_: Any) -> None:
    if user is not None:
        record("user.signed_out", actor=user, subject=user)


def _failed(*, credentials: dict[str, Any], **_: Any) -> None:
    # the address stays out: people type their password into that field
    user: Any = get_user_model()
    names = {user.USERNAME_FIELD, user.get_email_field_name(), "username"}
    typed = next((str(credentials[name]) for name in names if credentials.get(name)), "")
    person = user._default_manager.filter(**{f"{user.USERNAME_FIELD}__iexact": typed}).first()
    record("user.sign_in_failed", subject=person)


def _email_changed(*, user: Model, **_: Any) -> None:
    record("user.email_changed", subject=user)


def _second_factor_added(*, instance: Any, created: bool, **_: Any) -> None:
    if created:
        record("second_factor.added", subject=instance.user, after={"type": instance.type})


def _second_factor_removed(*, instance: Any, **_: Any) -> None:
    record("second_factor.removed", subject=instance.user, before={"type": instance.type})


def _identity_added(*, instance: Any, created: bool, **_: Any) -> None:
    if created:
        record("identity.added", subject=instance.user, after={"at": instance.provider})


def _identity_removed(*, instance: Any, **_: Any) -> None:
    record("identity.removed", subject=instance.user, before={"at": instance.provider})


def _second_factor_failed(*, user: Model, **_: Any) -> None:
    record("second_factor.failed", subject=user)


def _remember(*, instance: Model, update_fields: Collection[str] | None, **_: Any) -> None:
    if update_fields is not None and _WATCHED.isdisjoint(update_fields):
        return
    stored = type(instance)._default_manager.filter(pk=instance.pk).values(*_WATCHED).first()
    setattr(instance, _BEFORE, stored)


def _saved(*, instance: Any, created: bool, **_: Any) -> None:
    before = instance.__dict__.pop(_BEFORE, None)
    if created:
        record("user.created", subject=instance, after=_rights(instance))
    elif before:
        _compare(instance, before)


def _compare(instance: Any, before: dict[str, Any]) -> None:
    # `_password` is unset after a sign-in that only upgrades the hash to a newer algorithm
    is_new = instance._password is not None or not instance.has_usable_password()
    if before["password"] != instance.password and is_new:
        record("user.password_changed", subject=instance)
    changed = {name for name in _RIGHTS if before[name] != getattr(instance, name)}
    if changed:
        record(
            "user.rights_changed",
            subject=instance,
            before={name: before[name] for name in sorted(changed)},
            after={name: getattr(instance, name) for name in sorted(changed)},
        )


def _deleted(*, instance: Any, **_: Any) -> None:
    record("user.deleted", subject=instance, before=_rights(instance))


def _granted(
    *,
    sender: type[Model],
    instance: Model,
    action: str,
    reverse: bool,
    pk_set: Iterable[Any] | None,
    model: type[Model],
    **_: Any,
) -> None:
    word = {"post_add": "granted", "post_remove": "revoked", "pre_clear": "cleared"}.get(action)
    if word is None or pk_set == set():
        return
    rows = [] if pk_set is None else model._default_manager.filter(pk__in=pk_set)
    # on the reverse side the rows are people; record their keys, not their names
    names = sorted(str(row.pk if reverse else row) for row in rows)
    kind = sender._meta.model_name or ""
    record(f"permissions.{word}", subject=instance, after={kind: names} if names else None)


def _rights(instance: Any) -> dict[str, bool]:
    return {name: getattr(instance, name) for name in _RIGHTS}

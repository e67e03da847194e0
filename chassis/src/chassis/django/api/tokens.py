"""Bearer tokens for the API: API keys of people, and in a hybrid the provider's access tokens.

A token grants the permissions of its person, limited to those that the token names. It is valid for
one tenant and only below `/api/`. API keys are those of `chassis.api_keys`; `manage.py api_key`
creates them.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from chassis import api_keys
from chassis.api_keys import ApiKey
from chassis.api_keys.key import TEXT_PREFIX
from chassis.auth import Principal, bearer
from chassis.django.api.idempotency import SESSION_ISSUER
from chassis.django.audit.trail import record
from chassis.django.people import roles
from chassis.django.sync_bridge import connect, django_connection, run_sync
from chassis.problems import ProblemError

_REFUSAL = ProblemError(
    401,
    "invalid-token",
    "This token belongs to no active account of this service.",
    headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
)
_TOKEN = "chassis.token"  # noqa: S105 - a key of request.META
_CREATOR = """
SELECT creator_subject FROM platform.api_key WHERE id = %s AND creator_issuer = %s
"""

_REVOKE = """
UPDATE platform.api_key SET expires_at = now()
WHERE prefix = %s AND creator_issuer = %s AND creator_subject = %s AND expires_at > now()
"""


def authenticate(request: HttpRequest) -> None:
    """Set `request.user` to the person of the request's token; do nothing without a token.

    Raises ProblemError 401 for a token that is not valid.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return
    principal, person = _verify(bearer(header))
    user = _find(person)
    if user is None:
        raise _REFUSAL
    roles.limit(user, principal.permissions)
    request.user = user
    request.META[_TOKEN] = principal
    # browsers do not send this header by themselves, so another site cannot forge the request
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]


def principal_of(request: HttpRequest) -> Principal | None:
    """Return the principal of the request's token; None for a session or an anonymous request."""
    return request.META.get(_TOKEN)


def tenant_of(request: HttpRequest) -> UUID | None:
    """Return the tenant of the request's token; None without a token."""
    token = principal_of(request)
    return token.tenant if token else None


def create_key(
    user: Any, *, tenant: UUID, name: str, permissions: Collection[str], lifetime: timedelta
) -> tuple[ApiKey, str]:
    """Create a key for a person; return it and its secret text, which is not stored.

    Raises the errors of `chassis.api_keys.create`; ProblemError 403 for a permission that the
    person lacks.
    """
    held = {name for name in permissions if roles.has_permission(user, name, tenant=tenant)}
    creator = Principal(SESSION_ISSUER, str(user.pk), tenant, None, frozenset(held))
    key, text = run_sync(
        api_keys.create(
            django_connection(),
            creator,
            name=name,
            permissions=permissions,
            lifetime=lifetime,
            peppers=_peppers(),
        )
    )
    after = {"prefix": key.prefix, "permissions": key.permissions}
    record("api_key.created", subject=user, after=after)
    return key, text


def revoke_key(user: Any, *, prefix: str) -> bool:
    """Revoke a person's key; return False if they have no active key with that prefix."""
    with transaction.atomic():
        is_revoked = bool(run_sync(_revoke(prefix, str(user.pk))))
        if is_revoked:
            record("api_key.revoked", subject=user, before={"prefix": prefix})
    return is_revoked


async def _revoke(prefix: str, person: str) -> int:
    cursor = await django_connection().execute(_REVOKE, [prefix, SESSION_ISSUER, person])
    return cursor.rowcount


def _verify(token: str) -> tuple[Principal, str]:
    """Return the principal of a token, and the primary key of its person."""
    if token.startswith(TEXT_PREFIX):
        principal = run_sync(api_keys.verify(connect, token, peppers=_peppers())).principal
        return principal, run_sync(_creator(principal.subject))
    if apps.is_installed("allauth.idp.oidc"):
        # only here: a monolith has no provider
        from chassis.django.identity.tokens import verify  # noqa: PLC0415

        principal = verify(token)
        return principal, principal.subject
    raise _REFUSAL


async def _creator(key: str) -> str:
    cursor = await django_connection().execute(_CREATOR, [key, SESSION_ISSUER])
    row = await cursor.fetchone()
    return row[0] if row else ""


def _find(person: str) -> Any:
    try:
        return get_user_model()._default_manager.filter(pk=person, is_active=True).first()
    except (ValidationError, ValueError):  # a client credentials token has no person
        return None


def _peppers() -> api_keys.Peppers:
    return api_keys.Peppers([item.get_secret_value() for item in settings.API.api_key_peppers])

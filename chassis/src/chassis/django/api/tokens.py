"""Bearer tokens for the API: keys that belong to people, and in a hybrid the provider's own tokens.

A token lets its bearer do what the person may who stands behind it, and no more than the token
says. It is about one tenant, and counts below `/api/` alone. Keys are `chassis.api_keys`', made by
`manage.py api_key`.
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
from chassis.django.api.idempotency import PEOPLE
from chassis.django.audit.trail import record
from chassis.django.people import roles
from chassis.django.sync_bridge import borrowed, connect, finish
from chassis.problems import ProblemError

_REFUSAL = ProblemError(
    401,
    "invalid-token",
    "Nobody who may use this service stands behind this token.",
    headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
)
_TOKEN = "chassis.token"  # noqa: S105 - where it is kept
_CREATOR = """
SELECT creator_subject FROM platform.api_key WHERE id = %s AND creator_issuer = %s
"""

_REVOKE = """
UPDATE platform.api_key SET expires_at = now()
WHERE prefix = %s AND creator_issuer = %s AND creator_subject = %s AND expires_at > now()
"""


def authenticate(request: HttpRequest) -> None:
    """Make the person behind the request's token its user; without a token nothing happens.

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
    # no browser sends this header by itself, so no foreign page can make it
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]


def principal_of(request: HttpRequest) -> Principal | None:
    """Give who the token of a request says it is; None for somebody with a session, or nobody."""
    return request.META.get(_TOKEN)


def tenant_of(request: HttpRequest) -> UUID | None:
    """Give the tenant that the token of a request is about; None where there is no token."""
    token = principal_of(request)
    return token.tenant if token else None


def create_key(
    user: Any, *, tenant: UUID, name: str, permissions: Collection[str], lifetime: timedelta
) -> tuple[ApiKey, str]:
    """Make a key for a person; give it and its text, which nobody sees again.

    Raises as `chassis.api_keys.create`; 403 for a permission that the person lacks.
    """
    held = {name for name in permissions if roles.has_permission(user, name, tenant=tenant)}
    creator = Principal(PEOPLE, str(user.pk), tenant, None, frozenset(held))
    made = finish(
        api_keys.create(
            borrowed(),
            creator,
            name=name,
            permissions=permissions,
            lifetime=lifetime,
            peppers=_peppers(),
        )
    )
    after = {"prefix": made[0].prefix, "permissions": made[0].permissions}
    record("api_key.created", subject=user, after=after)
    return made


def revoke_key(user: Any, *, prefix: str) -> bool:
    """End the life of a person's key; False when they have no such live key."""
    with transaction.atomic():
        is_done = bool(finish(_revoke(prefix, str(user.pk))))
        if is_done:
            record("api_key.revoked", subject=user, before={"prefix": prefix})
    return is_done


async def _revoke(prefix: str, person: str) -> int:
    done = await borrowed().execute(_REVOKE, [prefix, PEOPLE, person])
    return done.rowcount


def _verify(token: str) -> tuple[Principal, str]:
    """Return what a token says, and the key of the person behind it."""
    if token.startswith(TEXT_PREFIX):
        principal = finish(api_keys.verify(connect, token, peppers=_peppers())).principal
        return principal, finish(_creator(principal.subject))
    if apps.is_installed("allauth.idp.oidc"):
        # only here: a monolith has no provider
        from chassis.django.identity.tokens import verify  # noqa: PLC0415

        principal = verify(token)
        return principal, principal.subject
    raise _REFUSAL


async def _creator(key: str) -> str:
    found = await borrowed().execute(_CREATOR, [key, PEOPLE])
    row = await found.fetchone()
    return row[0] if row else ""


def _find(person: str) -> Any:
    try:
        return get_user_model()._default_manager.filter(pk=person, is_active=True).first()
    except (ValidationError, ValueError):  # a client that speaks for itself
        return None


def _peppers() -> api_keys.Peppers:
    return api_keys.Peppers([item.get_secret_value() for item in settings.API.api_key_peppers])

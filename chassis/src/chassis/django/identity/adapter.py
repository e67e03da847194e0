"""The platform's rules for tokens, as an adapter of allauth."""

from collections.abc import Iterable, Set
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.resources import InvalidTargetError
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.module_loading import import_string
from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError

from chassis.django.people import roles

SCHEME = "service"
# OpenID Connect Core 1.0, 5.4 and 11: they are about the person's own data, no right in a service
OPENID_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})


class Adapter(DefaultOIDCAdapter):
    """The issuer, audience, subject and tenant of the provider's tokens."""

    def get_issuer(self) -> str:
        """Return the configured issuer, which never depends on the Host header."""
        return str(settings.OIDC_ISSUER)

    def validate_resource_uris(self, *, uris: list[str], **_: Any) -> None:
        """Refuse a resource that is not of the form `service://<audience>`."""
        for uri in uris:
            audience_of(uri)

    def populate_access_token(
        self,
        access_token: dict[str, Any],
        *,
        client: Client,
        scopes: Iterable[str],
        user: AbstractBaseUser | None,
        **_: Any,
    ) -> None:
        """Set the audience, subject, tenant and scopes of the token.

        Raises InvalidTargetError if the request does not name one service, or the client may not
        request it. Raises UnauthorizedClientError if client credentials have no tenant.
        """
        access_token["aud"] = _audience(access_token.get("aud", []), client)
        if user is None:  # client credentials: the token has no person
            access_token["sub"] = f"client:{client.pk}"
            access_token["tenant"] = _tenant(client)
        else:
            access_token["tenant"] = str(import_string(settings.TENANT_OF)(user))
            held = _held(user, scopes)
            access_token["scope"] = " ".join(held)
            # in place: the answer and the stored tokens name this list's scopes (RFC 6749, 5.1)
            cast(list[str], scopes)[:] = held


def scopes_of(user: AbstractBaseUser, asked: Set[str]) -> Set[str]:
    """Return the scopes that a person's roles allow in the token's tenant; superusers hold all.

    `user` is the person who signs in, `asked` are the scopes that the client requested.
    """
    tenant = import_string(settings.TENANT_OF)(user)
    return {name for name in asked if roles.has_permission(user, name, tenant=tenant)}


def audience_of(uri: str) -> str:
    """Return `api` for `service://api`; raises InvalidTargetError for any other form."""
    parts = urlsplit(uri)
    if parts.scheme != SCHEME or not parts.netloc or parts.path or parts.query or parts.fragment:
        raise InvalidTargetError(f"A resource looks like {SCHEME}://api.")
    return parts.netloc


def _held(user: AbstractBaseUser, asked: Iterable[str]) -> list[str]:
    held = OPENID_SCOPES | set(import_string(settings.SCOPES_OF)(user, frozenset(asked)))
    return [scope for scope in asked if scope in held]


def _tenant(client: Client) -> str:
    tenant = (client.data or {}).get("tenant") or import_string(settings.ONLY_TENANT)
    if tenant is None:
        raise UnauthorizedClientError('This client has no tenant: give it {"tenant": "<UUID>"}.')
    return str(tenant)


def _audience(resources: list[str], client: Client) -> str:
    if len(resources) != 1:
        raise InvalidTargetError(f"Ask for one resource, as in resource={SCHEME}://api.")
    audience = audience_of(resources[0])
    if audience not in (client.data or {}).get("audiences", []):
        raise InvalidTargetError(f"This client may not ask for tokens for {audience}.")
    return audience

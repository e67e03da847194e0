"""Our rules about tokens, where allauth asks for them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.resources import InvalidTargetError
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.module_loading import import_string

from chassis.auth import SINGLE_TENANT

SCHEME = "service"


class Adapter(DefaultOIDCAdapter):
    """Issuer, audience, subject and tenant of what the provider signs."""

    def get_issuer(self) -> str:
        """Give the configured issuer; a Host header must not decide who signs."""
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
        """Name one service as audience, and whose data the token is about.

        Raises InvalidTargetError when the request named none, or one that this client may not ask.
        """
        access_token["aud"] = _audience(access_token.get("aud", []), client)
        if user is None:  # client credentials: nobody is signed in, the client speaks for itself
            access_token["sub"] = f"client:{client.pk}"
            access_token["tenant"] = (client.data or {}).get("tenant", str(SINGLE_TENANT))
        else:
            access_token["tenant"] = str(import_string(settings.TENANT_OF)(user))


def audience_of(uri: str) -> str:
    """Give `api` for `service://api`; raises InvalidTargetError for any other form."""
    parts = urlsplit(uri)
    if parts.scheme != SCHEME or not parts.netloc or parts.path or parts.query or parts.fragment:
        raise InvalidTargetError(f"A resource looks like {SCHEME}://api.")
    return parts.netloc


def _audience(resources: list[str], client: Client) -> str:
    if len(resources) != 1:
        raise InvalidTargetError(f"Ask for one resource, as in resource={SCHEME}://api.")
    audience = audience_of(resources[0])
    if audience not in (client.data or {}).get("audiences", []):
        raise InvalidTargetError(f"This client may not ask for tokens for {audience}.")
    return audience

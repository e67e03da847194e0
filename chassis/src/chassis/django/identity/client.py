"""The development client: how `just token` gets a token without a person."""

import secrets

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse

from chassis.django.identity.adapter import SCHEME

CLIENT_ID = "development"


def development_client(*, audience: str, scopes: list[str], tenant: str | None) -> str:
    """Create the client or bring it up to date, and give its new secret, which nobody keeps."""
    client, _ = Client.objects.get_or_create(pk=CLIENT_ID, defaults={"name": "Development"})
    client.set_grant_types([Client.GrantType.CLIENT_CREDENTIALS])
    client.set_scopes(scopes)
    client.data = {"audiences": [audience]} | ({"tenant": tenant} if tenant else {})
    secret = secrets.token_urlsafe(32)
    client.set_secret(secret)
    client.save()
    return secret


def fetch_token(*, secret: str, audience: str, scopes: list[str]) -> str:
    """Ask our own token endpoint, in this process: no server has to run.

    Raises ValueError with the endpoint's answer when it refuses.
    """
    host = next((name for name in settings.ALLOWED_HOSTS if name != "*"), "127.0.0.1")
    answer = Browser(headers={"host": host}).post(
        reverse("idp:oidc:token"),
        {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": secret,
            "scope": " ".join(scopes),
            "resource": f"{SCHEME}://{audience}",
        },
    )
    body = answer.json()
    if "access_token" not in body:
        raise ValueError(body)
    return str(body["access_token"])

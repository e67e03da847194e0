"""The development client, with which `just token` gets a token without a person."""

import json
import secrets
from typing import cast

from allauth.core.context import request_context
from allauth.idp.oidc.models import Client
from django.http import HttpResponse
from django.test import RequestFactory

from chassis.django.identity.adapter import SCHEME
from chassis.django.identity.views import TokenView

CLIENT_ID = "development"


def development_client(*, audience: str, scopes: list[str], tenant: str | None) -> str:
    """Create or update the client; return its new secret, which is not stored in clear."""
    client, _ = Client.objects.get_or_create(pk=CLIENT_ID, defaults={"name": "Development"})
    client.set_grant_types([Client.GrantType.CLIENT_CREDENTIALS])
    client.set_scopes(scopes)
    client.data = {"audiences": [audience]} | ({"tenant": tenant} if tenant else {})
    secret = secrets.token_urlsafe(32)
    client.set_secret(secret)
    client.save()
    return secret


def fetch_token(*, secret: str, audience: str, scopes: list[str]) -> str:
    """Return a token from the token endpoint, called in this process without a server.

    Raises ValueError with the response body if the endpoint refuses.
    """
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": secret,
        "scope": " ".join(scopes),
        "resource": f"{SCHEME}://{audience}",
    }
    request = RequestFactory().post("/identity/o/api/token", form)
    with request_context(request):
        answer = cast(HttpResponse, TokenView.as_view()(request))
    body = json.loads(answer.content)
    if "access_token" not in body:
        raise ValueError(body)
    return str(body["access_token"])

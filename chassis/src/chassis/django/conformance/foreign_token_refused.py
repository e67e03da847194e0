"""AUTH003."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, override
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client

from chassis.auth import SINGLE_TENANT
from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest
from chassis.django.identity.tokens import AUDIENCE

_HOUR = 3600


class ForeignTokenRefused(SyncRule[SystemUnderTest]):
    """Tokens with a wrong audience or issuer, expired, forged or unsigned tokens are refused."""

    id = "AUTH003"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Let the platform authenticate requests to the API: it accepts one algorithm only, and
        checks issuer, audience and expiry. An authentication scheme of your own must answer 401 to
        every token that it does not know.
        """
        for kind, token in _invalid_tokens(system):
            client = Client(raise_request_exception=False, headers={"authorization": token})
            for path, route in system.api:
                response = client.get(path)
                if response.status_code != HTTPStatus.UNAUTHORIZED:
                    message = f"answered {response.status_code} to a token that {kind}"
                    yield Finding(f"GET {route.template}", message)


def _invalid_tokens(system: SystemUnderTest) -> Iterator[tuple[str, str]]:
    claims = valid_claims(system)
    yield "is signed with another key", _bearer(claims, generate_private_key(65537, 2048))
    yield "is unsigned", f"Bearer {jwt.encode(claims, '', algorithm='none')}"
    yield "is an unknown API key", "Bearer rbk_" + "0" * 40
    # a hybrid signs tokens for other services with its own keys; this API must refuse those
    for key in getattr(settings, "IDP_OIDC_PRIVATE_KEYS", ()):
        pem = key["pem"]
        yield "is for another audience", _bearer(claims | {"aud": "another-service"}, pem)
        yield "is from another issuer", _bearer(claims | {"iss": "https://elsewhere.example"}, pem)
        expired = {name: claims[name] - 2 * _HOUR for name in ("iat", "exp")}
        yield "has expired", _bearer(claims | expired, pem)
        yield "names an unknown subject", _bearer(claims | {"sub": str(UUID(int=0))}, pem)


def valid_claims(system: SystemUnderTest) -> dict[str, Any]:
    """Return claims that the API accepts in a token signed with one of the provider's keys."""
    now = int(time.time())
    return {
        "iss": getattr(settings, "OIDC_ISSUER", "https://issuer.example"),
        "aud": AUDIENCE,
        "sub": system.session[SESSION_KEY],
        "tenant": str(SINGLE_TENANT),
        "scope": "",
        "iat": now,
        "exp": now + _HOUR,
    }


def _bearer(claims: dict[str, Any], key: Any) -> str:
    return f"Bearer {jwt.encode(claims, key, algorithm='RS256')}"

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
    """A token for somebody else, of another issuer, expired, forged or unsigned opens nothing."""

    id = "AUTH003"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Let the platform authenticate the API: it fixes the algorithm, and asks for issuer,
        audience and expiry. A scheme of your own answers 401 to whatever it does not know.
        """
        for kind, token in _wrong(system):
            client = Client(raise_request_exception=False, headers={"authorization": token})
            for path, route in system.api:
                response = client.get(path)
                if response.status_code != HTTPStatus.UNAUTHORIZED:
                    seen = f"answered {response.status_code} to a token that {kind}"
                    yield Finding(f"GET {route.template}", seen)


def _wrong(system: SystemUnderTest) -> Iterator[tuple[str, str]]:
    claims = right(system)
    yield "another key signed", _bearer(claims, generate_private_key(65537, 2048))
    yield "nobody signed", f"Bearer {jwt.encode(claims, '', algorithm='none')}"
    yield "is a key that nobody was given", "Bearer rbk_" + "0" * 40
    # a hybrid signs tokens for other services with its own keys: they are not for this API
    for key in getattr(settings, "IDP_OIDC_PRIVATE_KEYS", ()):
        pem = key["pem"]
        yield "is for another audience", _bearer(claims | {"aud": "another-service"}, pem)
        yield "is of another issuer", _bearer(claims | {"iss": "https://elsewhere.example"}, pem)
        old = {name: claims[name] - 2 * _HOUR for name in ("iat", "exp")}
        yield "has expired", _bearer(claims | old, pem)
        yield "is for nobody", _bearer(claims | {"sub": str(UUID(int=0))}, pem)


def right(system: SystemUnderTest) -> dict[str, Any]:
    """Make the claims of a token that would be taken, if one of the provider's keys signed it."""
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

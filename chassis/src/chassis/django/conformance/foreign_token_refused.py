"""AUTH003."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, override

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.conf import settings
from django.test import Client

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.subject import Subject

_HOUR = 3600


class ForeignTokenRefused(SyncRule[Subject]):
    """A token for somebody else, forged or unsigned opens nothing."""

    id = "AUTH003"
    level = Level.BRONZE

    @override
    def check(self, subject: Subject) -> Iterator[Finding]:
        """Let the platform authenticate the API: it fixes the algorithm, and asks for issuer,
        audience and expiry. A scheme of your own answers 401 to whatever it does not know.
        """
        for kind, token in _wrong():
            client = Client(raise_request_exception=False, headers={"authorization": token})
            for path, route in subject.api:
                response = client.get(path)
                if response.status_code != HTTPStatus.UNAUTHORIZED:
                    seen = f"answered {response.status_code} to a token that {kind}"
                    yield Finding(f"GET {route.template}", seen)


def _wrong() -> Iterator[tuple[str, str]]:
    now = int(time.time())
    issuer = getattr(settings, "OIDC_ISSUER", "https://issuer.example")
    claims = {"iss": issuer, "aud": "another-service", "sub": "1", "iat": now, "exp": now + _HOUR}
    yield "another key signed", f"Bearer {_signed(claims, generate_private_key(65537, 2048))}"
    yield "nobody signed", f"Bearer {jwt.encode(claims, '', algorithm='none')}"
    yield "is a key that nobody was given", "Bearer rbk_" + "0" * 40
    # a hybrid signs tokens for other services with its own keys: they are not for this API
    for key in getattr(settings, "IDP_OIDC_PRIVATE_KEYS", ()):
        yield "is for another audience", f"Bearer {_signed(claims, key['pem'])}"


def _signed(claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(claims, key, algorithm="RS256")

"""AUTH003."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, override

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from chassis.auth import SINGLE_TENANT
from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.every_route import REFUSED, request_every_route
from chassis.fastapi.conformance.system_under_test import SystemUnderTest
from chassis.fastapi.settings import AUDIENCE
from chassis.fastapi.testing import ISSUER

_HOUR = 3600


class ForeignTokenRefused(Rule[SystemUnderTest]):
    """A token with a wrong audience or issuer, or an expired or forged one, is refused."""

    id = "AUTH003"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Verify tokens with the platform's `TokenVerifier` only: it fixes the algorithm and
        requires `iss`, `aud`, `exp`, `iat` and `sub`.
        """
        for kind, token in _wrong(system.signing_key):
            headers = {"Authorization": f"Bearer {token}"}
            async for place, status in request_every_route(system, headers=headers):
                if status != REFUSED:
                    yield Finding(place, f"answered {status} to a token that {kind}")


def _wrong(key: RSAPrivateKey) -> Iterator[tuple[str, str]]:
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "nobody",
        "iat": now,
        "exp": now + _HOUR,
        "tenant": str(SINGLE_TENANT),
    }
    yield "is for another audience", _signed({**good, "aud": "another-service"}, key)
    yield "is from another issuer", _signed({**good, "iss": "https://elsewhere.example"}, key)
    yield "has expired", _signed({**good, "iat": now - 2 * _HOUR, "exp": now - _HOUR}, key)
    yield "is signed with another key", _signed(good, generate_private_key(65537, 2048))
    yield "is unsigned", jwt.encode(good, "", algorithm="none")


def _signed(claims: Mapping[str, Any], key: RSAPrivateKey) -> str:
    return jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": "test"})

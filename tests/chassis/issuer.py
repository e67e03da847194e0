"""An issuer of tokens as tests need one: its keys, its key set and its claims."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://issuer.example"
JWKS = f"{ISSUER}/jwks.json"
TENANT = "8c0e0a34-6f3e-4f1e-9d8f-9a4b3f0f8a11"
KEY = generate_private_key(65537, 2048)
OTHER = generate_private_key(65537, 2048)


class Issuer:
    """An issuer's key set, and how often it was asked for."""

    def __init__(self, **keys: RSAPrivateKey) -> None:
        self.keys = keys
        self.asked = 0
        self.failure: Exception | None = None
        self.hanging = asyncio.Event()
        self.hanging.set()

    async def fetch(self, url: str) -> Mapping[str, Any]:
        """Answer like a JWKS endpoint."""
        assert url == JWKS
        self.asked += 1
        await self.hanging.wait()
        if self.failure:
            raise self.failure
        return {"keys": [jwk(kid, key) for kid, key in self.keys.items()]}


def jwk(kid: str, key: RSAPrivateKey) -> dict[str, Any]:
    """Give the public half as a JSON Web Key."""
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}


def claims(**changes: object) -> dict[str, Any]:
    """Give valid claims with changes; None takes a claim away."""
    now = int(time.time())
    valid = {"iss": ISSUER, "aud": "api", "sub": "somebody", "iat": now, "exp": now + 600}
    valid["tenant"] = TENANT
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def token(key: RSAPrivateKey = KEY, *, kid: str | None = "a", **changes: object) -> str:
    """Sign claims."""
    headers = {"kid": kid} if kid else None
    return jwt.encode(claims(**changes), key, algorithm="RS256", headers=headers)

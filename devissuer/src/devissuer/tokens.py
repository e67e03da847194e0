"""Access tokens for development."""

import time
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from devissuer.keys import public_jwk

LIFETIME_SECONDS = 600
SINGLE_TENANT = uuid.UUID("00000000-0000-4000-8000-000000000001")
"""The constant of that name in `chassis.auth`, which this program does not install."""


def issuer(port: int) -> str:
    """Return the issuer's name, which is its address."""
    return f"http://127.0.0.1:{port}"


def sign(
    key: RSAPrivateKey,
    *,
    port: int,
    audience: str,
    subject: str,
    permissions: str,
    tenant: uuid.UUID,
) -> str:
    """Make an access token of ten minutes; `permissions` are separated by spaces."""
    now = int(time.time())
    claims = {
        "iss": issuer(port),
        "aud": audience,
        "sub": subject,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": uuid.uuid4().hex,
        "token_use": "access",
        "scope": permissions,
        "tenant": str(tenant),
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": public_jwk(key)["kid"]})

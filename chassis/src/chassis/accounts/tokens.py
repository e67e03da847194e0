"""The access tokens of an account."""

import time
from uuid import UUID, uuid4

import jwt

from chassis.accounts.account import Account
from chassis.auth import SigningKey

TOKEN_SECONDS = 600


def access_token(
    account: Account, *, key: SigningKey, issuer: str, audience: str, session: UUID | None = None
) -> str:
    """Return a signed access token for `account`, valid for ten minutes.

    A verifier that trusts `issuer` with the public half of `key` accepts it. `session` becomes the
    claim `sid`.
    """
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": str(account.id),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": uuid4().hex,
        "token_use": "access",
        "tenant": str(account.tenant),
        "scope": " ".join(account.permissions),
        **({"sid": str(session)} if session else {}),
    }
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})

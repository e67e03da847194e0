"""Verification of access tokens against a list of trusted issuers."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chassis.auth.issuers import TrustedIssuer
from chassis.auth.keys import Fetch, KeySet, KeysUnavailableError
from chassis.auth.principal import Principal
from chassis.auth.verified import Verified
from chassis.environment import Environment
from chassis.problems import ProblemError

_ALGORITHMS = ["RS256"]
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
_LEEWAY_SECONDS = 5
_OTHER_TYPES = ("ID", "Refresh")  # Keycloak's claim
_LONGEST = 8192
_PARTS = 3
_RETRY_AFTER = {"Retry-After": "5"}
_CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def bearer(authorization: str | None) -> str:
    """Return the token in an `Authorization` header.

    Raises ProblemError 401 `missing-token`.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ProblemError(
            401,
            "missing-token",
            "Send the header Authorization: Bearer <access token>.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token.strip()


class TokenVerifier:
    """Turns an access token into a Principal or a problem."""

    def __init__(
        self, issuers: Iterable[TrustedIssuer], *, environment: Environment, fetch: Fetch
    ) -> None:
        """Trust `issuers`; `fetch` gets their key sets.

        Raises IssuerError when `environment` does not allow one of them.
        """
        self._issuers = {trusted.issuer: trusted for trusted in issuers}
        for trusted in self._issuers.values():
            trusted.check(environment)
        self._keys = {
            trusted.issuer: KeySet(trusted.jwks_url, fetch)
            for trusted in self._issuers.values()
            if trusted.jwks_url
        }

    async def verify(self, token: str) -> Principal:
        """Return the principal of a valid access token. Raises what `examine` raises."""
        return (await self.examine(token)).principal

    async def examine(self, token: str) -> Verified:
        """Return the principal of a valid access token, and how long the result may be cached:
        until the token expires or the issuer's key set no longer contains the signing key.

        Raises ProblemError: 401 `invalid-token` for an invalid token, 503 `issuer-unavailable` when
        the issuer's keys could never be loaded.
        """
        if len(token) > _LONGEST:
            _refuse("it is too long")
        try:
            trusted, kid = self._unverified_issuer(token)
            key = trusted.key or await self._key(trusted, kid)
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=trusted.audience,
                issuer=trusted.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
            _refuse_other_tokens(claims)
            principal = Principal.from_claims(claims, trusted)
            return Verified(
                principal, float(claims["exp"]), partial(self._still_valid, trusted, key)
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            _refuse(str(error).rstrip("."))
        except (RecursionError, OverflowError):
            # JSON nested thousands of levels deep, an infinite time
            _refuse("it cannot be read")

    def _unverified_issuer(self, token: str) -> tuple[TrustedIssuer, str]:
        """Read the issuer and the key that the token claims, unverified.

        PyJWT would take as long for this as for the verification that follows.
        """
        parts = token.split(".")
        if len(parts) != _PARTS:
            _refuse("it is not a JSON Web Token")
        header, payload = (_read(part) for part in parts[:2])
        if header.get("alg") not in _ALGORITHMS:
            _refuse("its algorithm is not allowed")
        issuer = payload.get("iss")
        if not isinstance(issuer, str) or issuer not in self._issuers:
            _refuse("its issuer is not trusted")
        return self._issuers[issuer], header.get("kid", "")

    def _still_valid(self, trusted: TrustedIssuer, key: jwt.PyJWK | RSAPublicKey) -> bool:
        """Return whether a token of `trusted`, and so of its audience, signed by `key` is still
        valid.

        A changed issuer or audience is another TrustedIssuer.
        """
        if self._issuers.get(trusted.issuer) is not trusted:
            return False
        return not isinstance(key, jwt.PyJWK) or self._keys[trusted.issuer].contains(key)

    async def _key(self, trusted: TrustedIssuer, kid: str) -> jwt.PyJWK:
        try:
            key = await self._keys[trusted.issuer].get(kid)
        except KeysUnavailableError:
            detail = "The keys of the token issuer could not be loaded; try again."
            raise ProblemError(503, "issuer-unavailable", detail, headers=_RETRY_AFTER) from None
        return key or _refuse("its key is not known")


def _read(part: str) -> dict[str, Any]:
    """Decode one part of a token. Raises ValueError."""
    decoded = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(decoded, dict):
        raise ValueError("it is not a JSON Web Token")  # noqa: TRY004 - one error for all
    return decoded


def _refuse_other_tokens(claims: Mapping[str, Any]) -> None:
    """Refuse identity and refresh tokens: the same key signs them."""
    named = claims.get("token_use", "access") != "access" or claims.get("typ") in _OTHER_TYPES
    if named or "at_hash" in claims:
        _refuse("it is not an access token")


def _refuse(reason: str) -> NoReturn:
    detail = f"The access token was refused: {reason}."
    raise ProblemError(401, "invalid-token", detail, headers=_CHALLENGE) from None

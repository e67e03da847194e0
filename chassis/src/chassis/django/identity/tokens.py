"""Access tokens of the provider for the web half itself: `service://web`."""

from functools import cache
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from chassis.auth import Principal, TokenVerifier, TrustedIssuer
from chassis.django.sync_bridge import run_sync
from chassis.problems import ProblemError

AUDIENCE = "web"


def verify(token: str) -> Principal:
    """Return the principal of an access token; its subject is the primary key of a person.

    Raises ProblemError 401 `invalid-token`.
    """
    *others, last = _verifiers()
    for verifier in others:
        try:
            return run_sync(verifier.verify(token))
        except ProblemError:  # another of our keys may have signed it
            continue
    return run_sync(last.verify(token))


@cache
def _verifiers() -> list[TokenVerifier]:
    return [_verifier(key["pem"]) for key in settings.IDP_OIDC_PRIVATE_KEYS]


def _verifier(pem: str) -> TokenVerifier:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101 - the settings have checked it
    trusted = TrustedIssuer(settings.OIDC_ISSUER, AUDIENCE, key=key.public_key())
    return TokenVerifier([trusted], environment=settings.ENV.environment, fetch=_fetch_nothing)


async def _fetch_nothing(url: str) -> NoReturn:
    raise RuntimeError(f"{url}: our own keys need no fetch")

"""Callers: principals, trusted issuers and the verification of their access tokens."""

from chassis.auth.issuers import IssuerError, TrustedIssuer
from chassis.auth.keys import Fetch
from chassis.auth.principal import SINGLE_TENANT, Principal
from chassis.auth.signing import SigningKey
from chassis.auth.verified import Verified
from chassis.auth.verifier import TokenVerifier, bearer

__all__ = [
    "SINGLE_TENANT",
    "Fetch",
    "IssuerError",
    "Principal",
    "SigningKey",
    "TokenVerifier",
    "TrustedIssuer",
    "Verified",
    "bearer",
]

"""The verified caller of a request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from chassis.auth.issuers import TrustedIssuer

SINGLE_TENANT = UUID("00000000-0000-4000-8000-000000000001")
"""The tenant of everybody in a service that has one tenant only."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller; `issuer` and `subject` together identify it."""

    issuer: str
    subject: str
    tenant: UUID
    session: str | None
    permissions: frozenset[str]

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any], trusted: TrustedIssuer) -> Self:
        """Return the principal in the verified claims of an issuer; `scope` and `permissions` add
        up.

        Raises ValueError when a claim has the wrong type, or when the tenant's claim is missing: an
        unreadable tenant must never fall back to another one.
        """
        session = claims.get("sid")
        return cls(
            issuer=claims["iss"],
            subject=claims["sub"],
            tenant=_tenant(claims, trusted),
            session=None if session is None else _text("sid", session),
            permissions=_permissions(claims),
        )


def _permissions(claims: Mapping[str, Any]) -> frozenset[str]:
    scope = _text("scope", claims.get("scope", ""))
    listed = claims.get("permissions", [])
    if not isinstance(listed, list) or not _all_text(listed):
        raise ValueError("the claim permissions is not a list of texts")
    return frozenset((*scope.split(), *listed))


def _tenant(claims: Mapping[str, Any], trusted: TrustedIssuer) -> UUID:
    if trusted.single_tenant:
        return SINGLE_TENANT
    claim = trusted.tenant_claim
    if claims.get(claim) is None:
        raise ValueError(f"it has no claim {claim}")
    try:
        return UUID(_text(claim, claims[claim]))
    except ValueError:
        raise ValueError(f"the claim {claim} is not a UUID") from None


def _text(claim: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the claim {claim} is not a text")  # noqa: TRY004 - one error for all
    return value


def _all_text(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)

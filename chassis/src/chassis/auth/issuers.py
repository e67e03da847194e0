"""The issuers that a service trusts, and the URLs allowed outside development."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chassis.addresses import reason_against
from chassis.environment import Environment


class IssuerError(Exception):
    """A trusted issuer is configured in a way that this environment does not allow."""


@dataclass(frozen=True)
class TrustedIssuer:
    """One issuer: tokens with exactly this `iss` and `audience`, signed by a key from `jwks_url` or
    by `key`, the public key of an issuer inside this service.

    Each token names its tenant in `tenant_claim`, as a UUID. With `single_tenant` the claim is not
    read: every principal of this issuer belongs to the one constant tenant.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    key: RSAPublicKey | None = None
    tenant_claim: str = "tenant"
    single_tenant: bool = False

    def __post_init__(self) -> None:
        """Refuse an issuer without exactly one source of keys."""
        if (self.jwks_url is None) == (self.key is None):
            raise IssuerError(f"{self.issuer}: give either jwks_url or key.")
        if not self.issuer or not self.audience:
            raise IssuerError(
                f"{self.issuer or 'an issuer'}: issuer and audience may not be empty."
            )

    def check(self, environment: Environment) -> None:
        """Raise IssuerError unless `environment` may trust this issuer.

        Outside development and tests the URL needs https and a host that is not loopback or
        private.
        """
        if environment.is_local:
            return
        for url in filter(None, (self.issuer, self.jwks_url)):
            if reason := reason_against(urlsplit(url)):
                raise IssuerError(
                    f"The issuer address {url} {reason}; set one that is public https."
                )

"""The issuers a service trusts, and which addresses it may trust outside development."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chassis.settings import Environment

_LOCAL_NAMES = ("localhost", "local", "localdomain", "internal", "home.arpa")
_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        # IPv4: this network, private, shared (RFC 6598), loopback, link-local, reserved
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/3",
        # IPv6: everything but global unicast, then its parts that wrap an IPv4 address
        "::/3",
        "2001::/32",
        "2002::/16",
        "4000::/2",
        "8000::/1",
    )
]


class IssuerError(Exception):
    """A trusted issuer is configured in a way that this environment does not allow."""


@dataclass(frozen=True)
class TrustedIssuer:
    """One issuer: tokens with exactly this ``iss`` and ``audience``, signed by a key from
    ``jwks_url`` or by ``key``, the public key of an issuer that lives in this service.

    Each token names its tenant in ``tenant_claim``, as a UUID. With ``single_tenant`` the claim is
    not read: everybody whom this issuer vouches for belongs to the one constant tenant.
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
        """Raise IssuerError unless ``environment`` may trust this issuer: outside development and
        tests that takes https and a host that is not loopback or private."""
        if environment.is_local:
            return
        for url in filter(None, (self.issuer, self.jwks_url)):
            if reason := _reason_against(url):
                raise IssuerError(
                    f"The issuer address {url} {reason}; set one that is public https."
                )


def _reason_against(url: str) -> str | None:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or not host:
        return "is not https"
    if parts.username is not None:
        return "carries a user name"
    if host.rpartition(".")[2] in _LOCAL_NAMES or host.endswith(".home.arpa"):
        return "names a local host"
    return "is a loopback or private address" if _is_private(host) else None


def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # 127.1 and 0x7f.1 are addresses to a resolver; a public name ends in a letter
        return not host[-1].isalpha() or host.rpartition(".")[2].startswith("0x")
    return any(address in network for network in _NOT_PUBLIC if network.version == address.version)

"""Which issuers may be trusted where."""

import pytest

from chassis.auth import IssuerError, TokenVerifier, TrustedIssuer
from chassis.environment import Environment
from issuer import ISSUER, JWKS, KEY, Issuer


@pytest.mark.parametrize(
    "address",
    [
        "http://issuer.example",
        "https://localhost",
        "https://issuer.localhost",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://0.0.0.0",
        "https://10.0.0.1",
        "https://100.64.0.1",
        "https://169.254.169.254",
        "https://172.16.0.1",
        "https://192.168.1.1",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://[fd00::1]",
        "https://[fe80::1%25eth0]",
        "https://issuer.internal",
        "https://printer.local",
        "https://user@issuer.example",
        "ftp://issuer.example",
        "https://",
        "issuer.example",
    ],
)
def test_only_a_public_https_issuer_is_trusted_in_production(address: str) -> None:
    """A development issuer signs whatever it is asked to."""
    for trusted in (
        TrustedIssuer(address, "api", JWKS),
        TrustedIssuer(ISSUER, "api", f"{address}/jwks.json"),
    ):
        with pytest.raises(IssuerError, match="set one that is public https"):
            TokenVerifier([trusted], environment=Environment.PRODUCTION, fetch=Issuer().fetch)
        TokenVerifier([trusted], environment=Environment.DEVELOPMENT, fetch=Issuer().fetch)


@pytest.mark.parametrize("address", ["https://a.example", "https://8.8.8.8", "https://[2606::1]/x"])
def test_a_public_issuer_is_trusted(address: str) -> None:
    """The check refuses nothing that is public."""
    TrustedIssuer(address, "api", f"{address}/keys").check(Environment.PRODUCTION)


def test_an_issuer_has_one_source_of_keys() -> None:
    """Two sources would be an ambiguity, none an open question."""
    for url, key in ((None, None), (JWKS, KEY.public_key())):
        with pytest.raises(IssuerError, match="either jwks_url or key"):
            TrustedIssuer(ISSUER, "api", url, key)


def test_an_empty_audience_is_refused() -> None:
    """An empty name would match nothing, or everything."""
    with pytest.raises(IssuerError, match="may not be empty"):
        TrustedIssuer(ISSUER, "", JWKS)

"""Whose tokens an API takes, by plan and environment."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.auth import IssuerError, TrustedIssuer
from chassis.fastapi import Application
from chassis.fastapi.settings import AccountSettings, IssuerSettings
from chassis.service import Service
from chassis.settings import SettingsError

DATABASE = "postgresql://api@127.0.0.1/api"
KNOWN = {
    "issuer": "https://id.example.com",
    "audience": "orders",
    "jwks_url": "https://id.example.com/k",
}


def settings(**fields: Any) -> IssuerSettings:
    """Make settings of a development machine, unless ``fields`` say otherwise."""
    return IssuerSettings.model_validate(
        {"environment": "development", "database_url": DATABASE} | fields
    )


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (
            "fastapi-service",
            TrustedIssuer("http://127.0.0.1:8002", "api", "http://127.0.0.1:8002/jwks.json"),
        ),
        (
            "hybrid",
            TrustedIssuer(
                "http://127.0.0.1:8000", "api", "http://127.0.0.1:8000/.well-known/jwks.json"
            ),
        ),
    ],
)
def test_development_trusts_the_issuer_of_its_plan(
    service: Service, plan: str, expected: TrustedIssuer
) -> None:
    """Without configuration the issuer is devissuer, in a hybrid the Django half."""
    assert list(settings().issuers(replace(service, plan=plan))) == [expected]


def test_ports_are_those_of_just_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moved port moves the issuer."""
    monkeypatch.setenv("ISSUER_PORT", "9002")
    assert settings().issuers(service)[0].issuer == "http://127.0.0.1:9002"


def test_configured_issuers_replace_the_local_one(service: Service) -> None:
    """A list in the environment is all that is trusted."""
    (trusted,) = settings(trusted_issuers=[KNOWN]).issuers(service)
    assert (trusted.issuer, trusted.audience) == ("https://id.example.com", "orders")


def test_production_needs_an_issuer() -> None:
    """Nobody could call a service that trusts nobody: it says so at its start."""
    with pytest.raises(ValidationError, match="TRUSTED_ISSUERS"):
        settings(environment="production")


def test_production_refuses_a_local_issuer(service: Service) -> None:
    """A loopback issuer is for developers only."""
    local = KNOWN | {"issuer": "http://127.0.0.1:8002"}
    chosen = settings(environment="production", trusted_issuers=[local])
    with pytest.raises(IssuerError, match=r"127\.0\.0\.1"):
        Application(chosen, service=service)


def test_own_accounts_need_an_address_and_a_key(service: Service) -> None:
    """In production neither the issuer nor the key may be the development default."""
    fields = {"environment": "production", "database_url": DATABASE}
    with pytest.raises(ValidationError, match="token_key"):
        AccountSettings.model_validate(fields)
    chosen = AccountSettings.model_validate(
        fields | {"token_issuer": "https://orders.example.com", "token_key": "n0t-a-key-" * 9}
    )
    with pytest.raises(SettingsError, match="not an RSA private key"):
        chosen.issuers(service)

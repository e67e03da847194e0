"""Whose tokens an API takes, by plan and environment."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chassis.auth import IssuerError, TrustedIssuer
from chassis.environment import SettingsError
from chassis.fastapi.app import Application
from chassis.fastapi.settings import AccountSettings, IssuerSettings
from chassis.service import Service

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
    assert (trusted.tenant_claim, trusted.single_tenant) == ("tenant", False)


def test_an_issuer_says_where_the_tenant_is(
    roadbed_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways are written in the JSON of the variable."""
    entries = [KNOWN | {"tenant_claim": "org_id"}, KNOWN | {"single_tenant": True}]
    monkeypatch.setenv("TRUSTED_ISSUERS", json.dumps(entries))
    org, single = IssuerSettings.load(roadbed_service).issuers(roadbed_service)
    assert (org.tenant_claim, org.single_tenant, single.single_tenant) == ("org_id", False, True)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (IssuerSettings, ["DATABASE_URL", "TRUSTED_ISSUERS"]),
        (
            AccountSettings,
            ["DATABASE_URL", "MAIL_URL", "MAIL_FROM", "TOKEN_ISSUER", "TOKEN_KEY"],
        ),
    ],
)
def test_production_names_everything_that_is_missing(
    roadbed_service: Service,
    monkeypatch: pytest.MonkeyPatch,
    chosen: type[IssuerSettings] | type[AccountSettings],
    expected: list[str],
) -> None:
    """One start tells the operator every variable to set."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(SettingsError) as refusal:
        chosen.load(roadbed_service)
    assert [line.split(":")[0] for line in str(refusal.value).splitlines()] == expected


PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://a@h/a",
    "TRUSTED_ISSUERS": json.dumps([KNOWN]),
}


@pytest.mark.parametrize(
    ("peppers", "expected"),
    [
        ("", 0),
        ("q7JkXw0zR2mVb9sT4nLhY6cD1fGpAaEu", 1),
        ("q7JkXw0zR2mVb9sT4nLhY6cD1fGpAaEu, w8KlYx1aS3nWc0tU5oMiZ7dE2gHqBbFv", 2),
        ("q7JkXw0zR2mVb9sT4nLhY6cD1fGpAaEu,short", "API_KEY_PEPPERS: too short"),
    ],
)
def test_each_pepper_is_a_secret(
    roadbed_service: Service,
    monkeypatch: pytest.MonkeyPatch,
    peppers: str,
    expected: int | str,
) -> None:
    """Production has none unless somebody sets some, and none of those may be weak."""
    for name, value in {**PRODUCTION, "API_KEY_PEPPERS": peppers}.items():
        monkeypatch.setenv(name, value)
    if isinstance(expected, int):
        loaded = IssuerSettings.load(roadbed_service)
        assert len(loaded.api_key_peppers) == expected
        assert "q7Jk" not in repr(loaded)
        return
    with pytest.raises(SettingsError, match=expected):
        IssuerSettings.load(roadbed_service)


def test_production_refuses_a_local_issuer(service: Service) -> None:
    """A loopback issuer is for developers only."""
    local = KNOWN | {"issuer": "http://127.0.0.1:8002"}
    chosen = settings(environment="production", trusted_issuers=[local])
    with pytest.raises(IssuerError, match=r"127\.0\.0\.1"):
        Application(chosen, service=service)


async def test_a_build_makes_the_contract_and_never_serves(
    roadbed_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no variable, keeps no key in the image, and its start is refused."""
    monkeypatch.setenv("ENVIRONMENT", "build")
    kept = roadbed_service.root / ".dev" / "token.pem"
    before = kept.exists()
    for chosen in (IssuerSettings, AccountSettings):
        app = Application(chosen.load(roadbed_service), service=roadbed_service)
        assert app.openapi()["info"]["title"] == "orders"
        with pytest.raises(SettingsError, match="never serves"):
            async with app.router.lifespan_context(app):
                pass
    assert kept.exists() is before


def test_a_key_that_is_none_is_refused(service: Service) -> None:
    """A signing key has to be an RSA key, whatever its length."""
    chosen = AccountSettings.model_validate(
        {
            "environment": "production",
            "database_url": DATABASE,
            "token_issuer": "https://orders.example.com",
            "token_key": "n0t-a-key-" * 9,
            "mail_url": "smtps://mail.example.com",
            "mail_from": "orders@example.com",
        }
    )
    with pytest.raises(SettingsError, match="not an RSA private key"):
        chosen.issuers(service)

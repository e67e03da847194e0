"""The environment of an API: what every service reads, and whose tokens it takes."""

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.auth import SigningKey, TrustedIssuer
from chassis.service import Half, Service
from chassis.settings import Secret, ServiceSettings, development_secret, lookup

AUDIENCE = "api"
"""The ``aud`` of tokens in development and of those this service issues itself."""


class ApiSettings(ServiceSettings):
    """What the platform's half of an API reads; a choice of ``auth`` adds the issuers."""

    half: ClassVar[Half] = "api"

    def issuers(self, service: Service) -> Sequence[TrustedIssuer]:
        """Return the issuers whose access tokens ``service`` takes."""
        raise NotImplementedError


class Issuer(BaseModel):
    """One entry of ``TRUSTED_ISSUERS``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    audience: str
    jwks_url: str


class IssuerSettings(ApiSettings):
    """For an API whose callers bring tokens of issuers that it does not own (``auth=oidc``)."""

    trusted_issuers: tuple[Issuer, ...] = Field(
        (),
        description='JSON list of {"issuer", "audience", "jwks_url"}: whose access tokens are '
        "taken. Unset in development: the issuer that `just up` starts.",
    )

    @model_validator(mode="after")
    def _needs_an_issuer(self) -> Self:
        if not self.trusted_issuers and not self.environment.is_local:
            raise ValueError(
                'TRUSTED_ISSUERS: set it to [{"issuer": …, "audience": …, "jwks_url": …}], '
                "or nobody could call this service"
            )
        return self

    def issuers(self, service: Service) -> Sequence[TrustedIssuer]:
        """Return the configured issuers, in development the one on this machine."""
        configured = [TrustedIssuer(**dict(entry)) for entry in self.trusted_issuers]
        return configured or [_local_issuer(service)]


def _local_issuer(service: Service) -> TrustedIssuer:
    """Name who issues tokens on a developer's machine: Django in a hybrid, else devissuer."""
    if service.plan == "hybrid":
        port = lookup(service, "WEB_PORT") or "8000"
        issuer = lookup(service, "OIDC_ISSUER") or f"http://127.0.0.1:{port}"
        return TrustedIssuer(issuer, AUDIENCE, f"{issuer}/.well-known/jwks.json")
    port = lookup(service, "ISSUER_PORT") or "8002"
    issuer = f"http://127.0.0.1:{port}"
    return TrustedIssuer(issuer, AUDIENCE, f"{issuer}/jwks.json")


class AccountSettings(ApiSettings):
    """For an API that owns its accounts and signs their tokens itself (``auth=local``)."""

    token_issuer: str = Field(
        "",
        description="The `iss` of this service's tokens: its public https address. Unset in "
        "development: the address `just up` serves.",
    )
    token_key: Secret = Field(
        development_secret("token-key"),
        description="RSA private key in PEM that signs access tokens, from `openssl genpkey "
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048`. Unset in development: the checkout's own.",
    )

    @model_validator(mode="after")
    def _needs_an_issuer(self) -> Self:
        if not self.token_issuer and not self.environment.is_local:
            raise ValueError("TOKEN_ISSUER: set it to the service's public https address")
        return self

    def issuer(self, service: Service) -> str:
        """Return the ``iss`` of the tokens that ``service`` signs."""
        port = lookup(service, "API_PORT") or "8001"
        return self.token_issuer or f"http://127.0.0.1:{port}"

    def signing_key(self, service: Service) -> SigningKey:
        """Read the private key; takes some milliseconds. Raises SettingsError."""
        return SigningKey.load(self.token_key, service)

    def issuers(self, service: Service) -> Sequence[TrustedIssuer]:
        """Trust this service and nobody else."""
        public = self.signing_key(service).public
        return [TrustedIssuer(self.issuer(service), AUDIENCE, key=public)]

"""The environment of an API: what every service reads, and whose tokens it takes."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from chassis.api_keys import ApiKeySettings
from chassis.auth import SigningKey, TrustedIssuer
from chassis.environment import Environment, lookup
from chassis.mail import Smtp
from chassis.service import Half, Service
from chassis.settings import CommaSeparated, Secret, development_secret

AUDIENCE = "api"
"""The `aud` of tokens in development and of those this service issues itself."""


class ApiSettings(ApiKeySettings, ABC):
    """The settings of the platform's part of an API; the choice of `auth` adds the issuers."""

    half: ClassVar[Half] = "api"

    worker_concurrency: int = Field(
        10, ge=1, le=1000, description="How many jobs one worker runs at the same time."
    )
    worker_grace_seconds: int = Field(
        20,
        ge=0,
        description="How long a worker that is told to stop waits for the jobs it runs; then they "
        "go back into the queue.",
    )
    jobs_kept_days: int = Field(
        7, ge=1, description="How long finished jobs are kept. Dead letters stay."
    )

    mail_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server: smtp://user:password@host (STARTTLS) or smtps://… Unset in "
        "development: mails become files in .dev/mail.",
    )
    mail_from: str = Field(
        "", description="Sender of this service's mails, such as Orders <orders@example.com>."
    )

    @field_validator("mail_url")
    @classmethod
    def _readable_mail_url(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            Smtp.at(value.get_secret_value())
        return value

    drain_seconds: float | None = Field(
        None,
        ge=0,
        le=60,
        description="How long after SIGTERM /readyz says draining before connections are refused. "
        "Unset: 3, in development 0.",
    )
    cors_origins: CommaSeparated = Field(
        (),
        description="Origins of the browser applications that may call this API, each in full "
        "(https://app.example.com,https://admin.example.com). Unset: none but its own.",
    )

    @field_validator("drain_seconds")
    @classmethod
    def _drains_in_production(cls, value: float | None, info: ValidationInfo) -> float:
        return (0.0 if _is_local(info) else 3.0) if value is None else value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        schemes = "https?" if _is_local(info) else "https"
        for origin in value:
            if not re.fullmatch(rf"{schemes}://[a-z0-9.-]+(:\d+)?", origin):
                raise ValueError(
                    f"{origin!r} is not an origin: write scheme and host in lower case, and no "
                    "path, as in https://app.example.com"
                )
        return value

    @abstractmethod
    def issuers(self, service: Service) -> Sequence[TrustedIssuer]:
        """Return the issuers whose access tokens `service` takes."""
        ...


class Issuer(BaseModel):
    """One entry of `TRUSTED_ISSUERS`; the fields are those of TrustedIssuer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    audience: str
    jwks_url: str
    tenant_claim: str = Field("tenant", min_length=1)
    single_tenant: bool = False


class IssuerSettings(ApiSettings):
    """For an API whose callers bring tokens of issuers that it does not own (`auth=oidc`)."""

    trusted_issuers: tuple[Issuer, ...] = Field(
        (),
        description='JSON list of {"issuer", "audience", "jwks_url"}: whose access tokens are '
        'taken. A token names its tenant, a UUID, in the claim "tenant" or the one that '
        '"tenant_claim" names; "single_tenant": true takes tokens without, all for one tenant. '
        "Unset in development: the issuer that `just up` starts.",
    )

    @field_validator("trusted_issuers")
    @classmethod
    def _needs_an_issuer(
        cls, value: tuple[Issuer, ...], info: ValidationInfo
    ) -> tuple[Issuer, ...]:
        if not value and not _is_local(info):
            raise ValueError(
                "this service could not accept any token without it: "
                'set it to [{"issuer": "…", "audience": "…", "jwks_url": "…"}]'
            )
        return value

    def issuers(self, service: Service) -> Sequence[TrustedIssuer]:
        """Return the configured issuers, in development the one on this machine."""
        configured = [TrustedIssuer(**dict(entry)) for entry in self.trusted_issuers]
        return configured or [_local_issuer(service)]


def _is_local(info: ValidationInfo) -> bool:
    environment = info.data.get("environment", Environment.PRODUCTION)
    return isinstance(environment, Environment) and environment.is_local


def _local_issuer(service: Service) -> TrustedIssuer:
    """Return the issuer of tokens in development: Django in a hybrid, else devissuer."""
    if service.plan == "hybrid":
        port = lookup(service, "WEB_PORT") or "8000"
        issuer = lookup(service, "OIDC_ISSUER") or f"http://127.0.0.1:{port}"
        return TrustedIssuer(issuer, AUDIENCE, f"{issuer}/.well-known/jwks.json")
    port = lookup(service, "ISSUER_PORT") or "8002"
    issuer = f"http://127.0.0.1:{port}"
    return TrustedIssuer(issuer, AUDIENCE, f"{issuer}/jwks.json")


class AccountSettings(ApiSettings):
    """For an API that owns its accounts and signs their tokens itself (`auth=local`)."""

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

    sign_up_open: bool = Field(False, description="Whether anyone may create an account by email.")
    sign_up_permissions: CommaSeparated = Field(
        (),
        description="Permissions of a new account after sign-up, such as orders:read,orders:write.",
    )
    account_page: str = Field(
        "",
        description="Address of the page that takes a mailed token (it gets #token=…) and a new "
        "password. Unset: mails carry the bare code.",
    )

    @field_validator("mail_url", "mail_from")
    @classmethod
    def _needs_mail[Value: (str, SecretStr)](cls, value: Value, info: ValidationInfo) -> Value:
        if not len(value) and not _is_local(info):
            raise ValueError("set it, or a forgotten password could not be reset")
        return value

    @field_validator("token_issuer")
    @classmethod
    def _needs_an_address(cls, value: str, info: ValidationInfo) -> str:
        if not value and not _is_local(info):
            raise ValueError("set it to the service's public https address")
        return value

    def issuer(self, service: Service) -> str:
        """Return the `iss` of the tokens that `service` signs."""
        port = lookup(service, "API_PORT") or "8001"
        return self.token_issuer or f"http://127.0.0.1:{port}"

    def signing_key(self, service: Service) -> SigningKey:
        """Read the private key; takes some milliseconds. Raises SettingsError."""
        return SigningKey.load(self.token_key, service)

    def issuers(self, service: Service) -> Sequence[TrustedIssuer]:
        """Return this service as the only trusted issuer."""
        public = self.signing_key(service).public
        return [TrustedIssuer(self.issuer(service), AUDIENCE, key=public)]

"""The environment variables of the identity provider, and its signing keys."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, ValidationInfo, field_validator

from chassis.auth.development_key import development_pem
from chassis.environment import SettingsError, lookup
from chassis.service import Half, Service
from chassis.settings import Secret, ServiceSettings, development_secret

ACCESS_TOKEN_S = 300
REFRESH_TOKEN_S = 30 * 24 * 3600
JWKS_AGE_S = 300
_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL
)
_NEWEST = datetime(2000, 1, 2, tzinfo=UTC)


class IdentitySettings(ServiceSettings):
    """The variables that only a hybrid has."""

    half: ClassVar[Half] = "web"

    oidc_issuer: str = Field(
        "",
        description="This service's public URL, https://accounts.example.com: the `iss` of its "
        "tokens. In development http://127.0.0.1 with the port of `just up`.",
    )
    oidc_signing_keys: Secret = Field(
        development_secret("oidc-signing-keys"),
        description="RSA private keys as PEM, one after the other. The first signs; the "
        "others are still published, so that a rotation breaks no session. Development creates "
        "its own key in .dev/.",
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _is_https_outside_development(cls, value: str, info: ValidationInfo) -> str:
        local = info.data["environment"].is_local
        if not local and not value.startswith("https://"):
            raise ValueError("set it to the https:// address people reach this service at")
        return value.rstrip("/")

    @classmethod
    def load(cls, service: Service | None = None) -> "IdentitySettings":
        """Read the variables; in development the issuer is the server of `just up`."""
        env = super().load(service)
        if env.oidc_issuer or service is None:
            return env
        port = lookup(service, "WEB_PORT") or "8000"
        if not port.isdecimal():
            raise SettingsError("WEB_PORT is not a port: set it to a number below 65536.")
        return env.model_copy(update={"oidc_issuer": f"http://127.0.0.1:{port}"})


def install(settings: dict[str, Any], service: Service) -> None:
    """Add the provider to Django's settings; raises SettingsError that lists what is missing."""
    env = IdentitySettings.load(service)
    settings.setdefault("SCOPES_OF", "chassis.django.identity.adapter.scopes_of")
    settings["INSTALLED_APPS"] += ["allauth.idp.oidc"]
    _let_forms_lead_back(settings["SECURE_CSP"], local=env.environment.is_local)
    settings |= {
        "OIDC_ISSUER": env.oidc_issuer,
        "TENANT_OF": "web.tenancy.tenant_of",
        "ONLY_TENANT": "web.tenancy.ONLY_TENANT",
        "IDP_OIDC_ADAPTER": "chassis.django.identity.adapter.Adapter",
        "IDP_OIDC_ACCESS_TOKEN_FORMAT": "jwt",
        "IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN": ACCESS_TOKEN_S,
        "IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN": REFRESH_TOKEN_S,
        "IDP_OIDC_JWKS_CACHE_CONTROL": JWKS_AGE_S,
        "IDP_OIDC_PRIVATE_KEYS": signing_keys(env, service),
    }


def _let_forms_lead_back(policy: dict[str, Any], *, local: bool) -> None:
    # a browser checks `form-action` along redirects too, and the login form ends at a client's
    # address, which the database knows and a header cannot
    clients = ["http://127.0.0.1:*", "http://localhost:*"] if local else []
    policy["form-action"] = [*policy["form-action"], "https:", *clients]


def signing_keys(env: IdentitySettings, service: Service) -> list[dict[str, Any]]:
    """Return IDP_OIDC_PRIVATE_KEYS: the first key signs, all are in the JWKS.

    Raises SettingsError when the variable holds no readable RSA key.
    """
    secret = env.oidc_signing_keys
    text = secret.get_secret_value()
    if secret.is_placeholder:
        text = development_pem(service.root / ".dev" / "identity.pem").decode()
    keys = _PEM.findall(text.replace("\\n", "\n"))  # .env files write a line break as \n
    if not keys or not all(map(_is_rsa, keys)):
        raise SettingsError("OIDC_SIGNING_KEYS: set it to one or more RSA private keys as PEM.")
    # allauth signs with the key that was issued last, so the first gets the latest date
    return [
        {"pem": pem, "issued_at": _NEWEST - timedelta(minutes=age)} for age, pem in enumerate(keys)
    ]


def _is_rsa(pem: str) -> bool:
    try:
        return isinstance(load_pem_private_key(pem.encode(), None), rsa.RSAPrivateKey)
    except (ValueError, TypeError):
        return False

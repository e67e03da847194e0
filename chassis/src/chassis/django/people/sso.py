"""Sign-in at the company's own identity provider (OpenID Connect), when the environment names one.

A person signs in to the account with the address that the provider has verified. A person without
an account needs an invitation, or open sign-up. The second factor is asked for here, too.
"""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from chassis.service import Half, Service
from chassis.settings import ServiceSettings

PROVIDER = "company"
"""The provider's name in URLs: it redirects to /accounts/oidc/company/login/callback/."""

APPS = ("allauth.socialaccount", "allauth.socialaccount.providers.openid_connect")


class SingleSignOnSettings(ServiceSettings):
    """The variables that name the provider; without SSO_ISSUER there is none."""

    half: ClassVar[Half] = "web"

    sso_issuer: str = Field(
        "",
        description="The company's identity provider, https://login.example.com: people may sign "
        "in there (OpenID Connect). Register /accounts/oidc/company/login/callback/ with it. "
        "Unset: passwords and passkeys only.",
    )
    sso_client_id: str = Field("", description="Who we are to that provider.")
    sso_client_secret: SecretStr = Field(SecretStr(""), description="And our secret with it.")
    sso_label: str = Field(
        "the company account", description="The text of the button after 'Sign in with'."
    )

    @field_validator("sso_issuer")
    @classmethod
    def _is_https_outside_development(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data["environment"].is_local and not value.startswith("https://"):
            raise ValueError("set it to the https:// address of the provider, or leave it out")
        return value.rstrip("/")

    @field_validator("sso_client_id", "sso_client_secret")
    @classmethod
    def _comes_with_an_issuer(cls, value: Any, info: ValidationInfo) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if info.data.get("sso_issuer") and not text:
            raise ValueError("set it: the provider that SSO_ISSUER names gave it to you")
        return value


def install(settings: dict[str, Any], service: Service) -> None:
    """Add the provider to Django's settings; the app is always installed, for its tables.

    Raises SettingsError, which lists the missing variables.
    """
    apps: list[str] = settings["INSTALLED_APPS"]
    if "allauth.account" not in apps:
        return
    place = apps.index("allauth.account") + 1
    apps[place:place] = [app for app in APPS if app not in apps]
    settings.setdefault(
        "SOCIALACCOUNT_ADAPTER", "chassis.django.people.adapters.SocialAccountAdapter"
    )
    # only with an address that the provider has verified, and that is verified here
    settings.setdefault("SOCIALACCOUNT_EMAIL_AUTHENTICATION", True)
    settings.setdefault("SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT", True)
    env = SingleSignOnSettings.load(service)
    if env.sso_issuer and "SOCIALACCOUNT_PROVIDERS" not in settings:
        settings["SOCIALACCOUNT_PROVIDERS"] = {"openid_connect": _provider(env)}
        _let_the_login_form_lead_there(settings["SECURE_CSP"], env.sso_issuer)


def _provider(env: SingleSignOnSettings) -> dict[str, Any]:
    app = {
        "provider_id": PROVIDER,
        "name": env.sso_label,
        "client_id": env.sso_client_id,
        "secret": env.sso_client_secret.get_secret_value(),
        "settings": {"server_url": env.sso_issuer},
    }
    return {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}


def _let_the_login_form_lead_there(policy: dict[str, Any], issuer: str) -> None:
    # a browser checks `form-action` along redirects too
    parts = urlsplit(issuer)
    policy["form-action"] = [*policy["form-action"], f"{parts.scheme}://{parts.netloc}"]

"""The settings of a service that delivers webhooks."""

from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from chassis.addresses import reason_against
from chassis.environment import Environment
from chassis.service import Half
from chassis.settings import (
    SHORTEST_SECRET,
    CommaSeparated,
    Secret,
    ServiceSettings,
    development_secret,
)
from chassis.webhooks.keys import Keyring

_HTTPS = 443


class WebhookSettings(ServiceSettings):
    """Base class of the settings of a domain that delivers webhooks."""

    half: ClassVar[Half] = "api"

    webhook_keys: Secret = Field(
        development_secret("webhook-keys"),
        description="Keys that encrypt endpoints' secrets, newest first, with commas between: "
        "each at least 32 random characters. A new one goes in front of the former ones.",
    )
    webhook_ports: CommaSeparated = Field(
        ("443",), description="The ports that endpoints may use, with commas between."
    )
    webhook_allow_private: bool | None = Field(
        None,
        description="Whether endpoints may be plain http, on any port of loopback and private "
        "addresses: true unless set in development and tests, refused in production.",
    )

    @field_validator("webhook_keys")
    @classmethod
    def _each_is_long(cls, value: Secret) -> Secret:
        if any(len(item) < SHORTEST_SECRET for item in _split(value)):
            raise ValueError(f"each key needs at least {SHORTEST_SECRET} random characters")
        return value

    @field_validator("webhook_ports")
    @classmethod
    def _are_ports(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(item.isdecimal() and 0 < int(item) < 65536 for item in value):  # noqa: PLR2004 - the range of a port
            raise ValueError("set it to numbers below 65536 with commas between")
        return value

    @field_validator("webhook_allow_private")
    @classmethod
    def _closed_in_production(cls, value: bool | None, info: ValidationInfo) -> bool:
        local = info.data.get("environment", Environment.PRODUCTION).is_local
        if value and not local:
            raise ValueError("refused in production, where it would open the inner network")
        return local if value is None else value

    def keyring(self) -> Keyring:
        """Return the keyring of the endpoints' secrets."""
        return Keyring(_split(self.webhook_keys))

    def reason_against(self, url: str) -> str | None:
        """Return why `url` must not be called (`"is not https"`), judged by its text; None if it is
        allowed.

        A sender checks the resolved address as well.
        """
        try:
            parts = urlsplit(url)
            port = parts.port if parts.port is not None else _HTTPS
        except ValueError:
            return "is not a valid URL"
        if self.webhook_allow_private:
            return None if parts.scheme in ("http", "https") else "is neither http nor https"
        allowed = None if str(port) in self.webhook_ports else f"uses port {port}"
        return reason_against(parts) or allowed


def _split(value: Secret) -> list[str]:
    return [item.strip() for item in value.get_secret_value().split(",") if item.strip()]

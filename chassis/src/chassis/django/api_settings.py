"""What the API of a Django half reads from the environment."""

from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from chassis.service import Half
from chassis.settings import (
    CommaSeparatedSecrets,
    Environment,
    Secret,
    ServiceSettings,
    development_secret,
)


class WebApiSettings(ServiceSettings):
    """The variables that only a web half with an API has."""

    half: ClassVar[Half] = "web"

    api_requests_per_minute: int = Field(
        600, ge=1, description="How many requests a minute each caller may send to the web's API."
    )
    api_key_peppers: CommaSeparatedSecrets = Field(
        (),
        description="Secrets that API keys are hashed with, newest first, separated by commas: put "
        "a new one in front and take the last away when its keys have expired. Unset: no API keys; "
        "in development a placeholder.",
    )

    @field_validator("api_key_peppers")
    @classmethod
    def _placeholder_in_development(
        cls, value: tuple[Secret, ...], info: ValidationInfo
    ) -> tuple[Secret, ...]:
        local = info.data.get("environment", Environment.PRODUCTION).is_local
        return value or ((development_secret("api-key-pepper"),) if local else ())

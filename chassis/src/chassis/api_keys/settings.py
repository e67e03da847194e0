"""The environment variables about API keys, for both halves."""

from pydantic import Field, ValidationInfo, field_validator

from chassis.environment import Environment
from chassis.settings import (
    CommaSeparatedSecrets,
    Secret,
    ServiceSettings,
    development_secret,
)


class ApiKeySettings(ServiceSettings):
    """Settings of a half whose callers may use API keys."""

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

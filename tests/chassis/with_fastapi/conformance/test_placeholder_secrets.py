"""SEC002."""

from typing import Any

from pydantic import ValidationInfo, field_validator

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.placeholder_secrets import PlaceholderSecrets
from chassis.fastapi.settings import IssuerSettings
from chassis.settings import Secret, development_secret


class Guarded(IssuerSettings):
    """Settings with a secret."""

    mail_password: Secret = development_secret("mail-password")


class Unguarded(Guarded):
    """Settings whose author switched the guard off."""

    @field_validator("*")
    @classmethod
    def _refuse_weak_secrets(cls, value: object, info: ValidationInfo) -> object:
        return value


async def test_accepts_guarded_secrets(app: Application, examine: Any) -> None:
    """A secret's development default is refused in production."""
    app.platform.settings = Guarded.model_construct()
    assert await examine(PlaceholderSecrets()) == []


async def test_finds_a_secret_without_its_guard(app: Application, examine: Any) -> None:
    """A default that would start in production is named by its variable."""
    app.platform.settings = Unguarded.model_construct()
    assert await examine(PlaceholderSecrets()) == ["MAIL_PASSWORD"]

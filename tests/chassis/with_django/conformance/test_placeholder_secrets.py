"""SEC002."""

from typing import Any, ClassVar, Literal

from django.test import override_settings

from chassis.django.conformance.placeholder_secrets import PlaceholderSecrets
from chassis.settings import Secret, ServiceSettings, development_secret


class Careful(ServiceSettings):
    """Settings as the platform advises."""

    half: ClassVar[Literal["web"]] = "web"
    secret_key: Secret = development_secret("secret-key")


def test_accepts_settings_that_refuse_it(examine: Any) -> None:
    """The type refuses its own default in production."""
    with override_settings(ENV=Careful.model_construct()):
        assert examine(PlaceholderSecrets()) == []


class Careless(ServiceSettings):
    """Settings with a secret whose default nobody checks."""

    half: ClassVar[Literal["web"]] = "web"
    signing_key: Any = Secret("something long that everybody can read in the repository")


def test_finds_a_secret_that_stays(examine: Any) -> None:
    """A default that production accepts is named."""
    with override_settings(ENV=Careless.model_construct()):
        assert examine(PlaceholderSecrets()) == ["SIGNING_KEY"]

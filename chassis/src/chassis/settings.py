"""Typed environment: every setting is a field, and a wrong one explains itself.

`chassis.environment` says where values come from.
"""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableError

from chassis import service as service_
from chassis.environment import Environment, SettingsError, database_url, lookup
from chassis.service import Half, Service
from chassis.telemetry.trust import networks

SHORTEST_SECRET = 32
_PLACEHOLDER = "development-only-placeholder-"
_LOOKS_UNSET = re.compile(r"change.?me|replace.?me|placeholder|django-insecure", re.IGNORECASE)
_FEWEST_CHARACTERS = 8
_THIS_MACHINE = ("127.0.0.0/8", "::1/128")
_URL = re.compile(r"^postgres(ql)?://[^\s]+$")
# a folder that does not exist: connecting fails at once, and says why
_NO_DATABASE = "postgresql://build@/none?host=/ENVIRONMENT-is-build-and-has-no-database"


_UNSET = "ENVIRONMENT: unset means production; on your own machine set it to development"


class Secret(SecretStr):
    """A secret: hidden in every representation, and outside development neither short nor a
    placeholder."""

    @property
    def is_placeholder(self) -> bool:
        """Whether this is a development default."""
        return self.get_secret_value().startswith(_PLACEHOLDER)


def development_secret(name: str) -> Secret:
    """Make the marked default of a secret: fine in development and tests, refused in production.

    `class Settings(ServiceSettings): secret_key: Secret = development_secret("secret-key")`
    """
    return Secret(f"{_PLACEHOLDER}{name}-never-use-it-anywhere-else")


def _split(value: object) -> object:
    names = value.split(",") if isinstance(value, str) else None
    return value if names is None else tuple(filter(None, map(str.strip, names)))


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Several names in one variable: `ALLOWED_HOSTS=a.example,b.example`."""

CommaSeparatedSecrets = Annotated[tuple[Secret, ...], NoDecode, BeforeValidator(_split)]
"""Several secrets in one variable, such as versions of one, newest first."""


class ServiceSettings(BaseSettings):
    """The settings that every service has; a half adds its own fields.

    Make one with `load()`, which turns every mistake into one readable text.
    """

    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
        env_ignore_empty=True,
    )
    half: ClassVar[Half]

    environment: Environment = Field(
        Environment.PRODUCTION,
        description="development, test, build (writes files, never serves) or production; unset "
        "means production.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severe log line that is written."
    )
    log_format: Literal["json", "console"] | None = Field(
        None, description="json or console; by default console in development, json elsewhere."
    )
    trusted_proxies: CommaSeparated = Field(
        (),
        description="Networks (10.0.0.0/8,fd00::/8) of the proxies and services in front: their "
        "X-Request-ID, traceparent and X-Forwarded-For are believed, everybody else's are not. "
        "Unset: none; in development this machine.",
    )
    otel_exporter_otlp_endpoint: str = Field(
        "",
        description="Address of an OpenTelemetry collector (http://collector:4318) that gets the "
        "traces as OTLP over HTTP in JSON. Unset: none are made.",
    )
    otel_exporter_otlp_headers: SecretStr = Field(
        SecretStr(""), description="Headers for the collector: key=value,key=value."
    )
    otel_traces_sampler_arg: float = Field(
        1.0,
        ge=0,
        le=1,
        description="The share of traces that is recorded, from 0 to 1, where no trusted caller "
        "has decided.",
    )
    metrics_port: int | None = Field(
        None,
        gt=0,
        lt=65536,
        description="The port of GET /metrics for Prometheus, apart from the public one. Several "
        "workers in one container also need PROMETHEUS_MULTIPROC_DIR, a folder of their own. "
        "Unset: nothing is counted.",
    )
    probe_port: int | None = Field(
        None, gt=0, lt=65536, description="Where a worker or scheduler answers /livez, if at all."
    )
    sentry_dsn: SecretStr = Field(
        SecretStr(""), description="Where crashes are reported (Sentry, GlitchTip). Unset: nowhere."
    )
    database_url: str = Field(
        "",
        repr=False,
        description="postgresql://user:password@host/database; WEB_DATABASE_URL or "
        "API_DATABASE_URL wins over it. Unset in development: a PostgreSQL of the checkout's own.",
    )

    @classmethod
    def load(cls, service: Service | None = None) -> Self:
        """Read the settings of `service` (default: the one around the working directory).

        Raises SettingsError that lists every missing or invalid variable, one a line.
        """
        current = service or service_.load()
        try:
            return cls(**_arguments(cls, current))
        except ValidationError as error:
            lines = [_explain(cls, details) for details in error.errors(include_input=False)]
            if not lookup(current, "ENVIRONMENT"):
                lines.append(_UNSET)
            raise SettingsError("\n".join(lines)) from None
        except UnreadableError as error:
            raise SettingsError(f"{error}; a list is written as JSON.") from None

    @field_validator("log_format")
    @classmethod
    def _format_for_the_environment(cls, value: str | None, info: ValidationInfo) -> str:
        local = info.data.get("environment") is Environment.DEVELOPMENT
        return value or ("console" if local else "json")

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        try:
            networks(value)
        except ValueError as error:
            raise ValueError(f"{error}: write networks such as 10.0.0.0/8") from None
        local = info.data.get("environment", Environment.PRODUCTION).is_local
        return value or (_THIS_MACHINE if local else ())

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("set it to the collector's address: http://collector:4318")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _needs_a_database(cls, value: str) -> str:
        if not _URL.match(value):
            raise ValueError("set it to postgresql://user:password@host/database")
        return value

    @field_validator("*")
    @classmethod
    def _refuse_weak_secrets(cls, value: object, info: ValidationInfo) -> object:
        local = info.data.get("environment", Environment.PRODUCTION).is_local
        for item in value if isinstance(value, tuple) else [value]:
            if isinstance(item, Secret) and not local:
                _refuse_if_weak(item)
        return value


def _arguments(settings: type[ServiceSettings], service: Service) -> dict[str, Any]:
    """Say where `load` reads, and the database's address if there is one: when there is none,
    the validators complain."""
    file = {"_env_file": service.root / ".env"}
    if lookup(service, "ENVIRONMENT") == Environment.BUILD:
        return file | _thrown_away(settings, service)
    if url := database_url(service, settings.half):
        return {**file, "database_url": url}
    if lookup(service, "ENVIRONMENT") not in (Environment.DEVELOPMENT, Environment.TEST):
        return file
    # only here: a production process never imports it
    from chassis import devdb  # noqa: PLC0415

    return {**file, "database_url": devdb.url(service, settings.half)}


def _thrown_away(settings: type[ServiceSettings], service: Service) -> dict[str, Any]:
    """Make up what a build lacks: text, and an address that leads nowhere whatever is set."""
    required = [name for name, field in settings.model_fields.items() if field.is_required()]
    text = [name for name in required if settings.model_fields[name].annotation is str]
    missing = [name for name in text if lookup(service, name.upper()) is None]
    return {**dict.fromkeys(missing, "build"), "database_url": _NO_DATABASE}


def _refuse_if_weak(secret: Secret) -> None:
    value = secret.get_secret_value()
    how = (
        f"set it to at least {SHORTEST_SECRET} random characters, for example from "
        '`python -c "import secrets; print(secrets.token_urlsafe(48))"`'
    )
    if secret.is_placeholder:
        raise ValueError(f"not set, and its development default is refused here; {how}")
    if len(value) < SHORTEST_SECRET or len(set(value)) < _FEWEST_CHARACTERS:
        raise ValueError(f"too short or too regular; {how}")
    if _LOOKS_UNSET.search(value):
        raise ValueError(f"still a placeholder; {how}")


def _explain(settings: type[ServiceSettings], details: ErrorDetails) -> str:
    name = str(details["loc"][0])
    if details["type"] == "missing":
        meaning = settings.model_fields[name].description or "it has no default"
        return f"{name.upper()}: missing; {meaning}"
    cause = details.get("ctx", {}).get("error")
    return f"{name.upper()}: {cause or details['msg']}"

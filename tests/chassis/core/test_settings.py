"""Typed settings and the errors they make."""

import argparse
from pathlib import Path
from typing import ClassVar, Literal

import psycopg
import pytest
from pydantic import Field, ValidationError

from chassis import devdb, env_example, migrate
from chassis.environment import Environment, SettingsError, database_url, read_environment
from chassis.service import Service
from chassis.settings import (
    CommaSeparated,
    Secret,
    ServiceSettings,
    development_secret,
)
from conftest import make_service

STRONG = "kT9-vQ2_xL7pZr4WmN8sB1cY6hJ3dF5g"


class Settings(ServiceSettings):
    """What a service would write."""

    half: ClassVar[Literal["web"]] = "web"

    secret_key: Secret = Field(development_secret("secret-key"), description="Signs cookies.")
    allowed_hosts: CommaSeparated = ("localhost",)
    workers: int = 2
    region: str = Field(description="Where it runs.")


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Give a service with both halves."""
    return make_service(tmp_path / "s", "web", "api")


def production(monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    """Set everything that production needs, and ``more``."""
    values = {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://u:p@h/d",
        "SECRET_KEY": STRONG,
        "REGION": "eu",
    }
    for name, value in {**values, **more}.items():
        monkeypatch.setenv(name, value)


def test_every_mistake_is_one_line_and_shows_no_value(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is missing or wrong is listed at once, by name, never by value."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("WORKERS", "hunter2")
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@h/d")
    with pytest.raises(SettingsError) as caught:
        Settings.load(service)
    lines = str(caught.value).splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == [
        "DATABASE_URL",
        "REGION",
        "SECRET_KEY",
        "WORKERS",
    ]
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert "REGION: missing; Where it runs." in lines


def test_an_unset_environment_means_production(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forgotten variable fails closed."""
    production(monkeypatch)
    monkeypatch.delenv("ENVIRONMENT")
    assert Settings.load(service).environment is Environment.PRODUCTION
    assert read_environment(service) is Environment.PRODUCTION
    monkeypatch.delenv("SECRET_KEY")
    with pytest.raises(SettingsError, match="SECRET_KEY: not set, and its development default"):
        Settings.load(service)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("hunter2", "too short"),
        ("a" * 64, "too regular"),
        ("change-me-" + STRONG, "still a placeholder"),
        ("django-insecure-" + STRONG, "still a placeholder"),
        (development_secret("secret-key").get_secret_value(), "development default is refused"),
    ],
)
def test_a_weak_secret_refuses_to_start_in_production(
    service: Service, monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    """A placeholder that reaches production is an open door."""
    production(monkeypatch, SECRET_KEY=value)
    with pytest.raises(SettingsError, match=f"SECRET_KEY: .*{message}") as caught:
        Settings.load(service)
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["development", "test"])
def test_a_placeholder_is_fine_elsewhere(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A newcomer sets nothing."""
    monkeypatch.setenv("ENVIRONMENT", name)
    monkeypatch.setenv("REGION", "eu")
    assert Settings.load(service).secret_key.is_placeholder


def test_a_secret_is_in_no_representation(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings may be logged by accident."""
    production(monkeypatch, DATABASE_URL="postgresql://u:hunter2@h/d")
    shown = repr(Settings.load(service)) + str(Settings.load(service))
    assert STRONG not in shown
    assert "hunter2" not in shown


def test_the_half_s_own_address_wins(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout with two halves has two databases."""
    production(monkeypatch, WEB_DATABASE_URL="postgresql://web@h/web")
    assert Settings.load(service).database_url == "postgresql://web@h/web"
    assert database_url(service, "api") == "postgresql://u:p@h/d"


def test_without_an_address_development_computes_one(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable is needed in the first minute."""
    monkeypatch.setenv("REGION", "eu")
    assert Settings.load(service).database_url.startswith("postgresql://web@/web?host=/")


def test_a_file_gives_what_the_environment_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment wins over ``.env``."""
    env = "ENVIRONMENT=development\nREGION=file\nWORKERS=5\nWEB_DATABASE_URL=postgresql://f@h/f\n"
    service = make_service(tmp_path / "s", "web", env=env)
    monkeypatch.delenv("ENVIRONMENT")
    monkeypatch.setenv("WORKERS", "7")
    settings = Settings.load(service)
    assert (settings.region, settings.workers) == ("file", 7)
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.database_url == "postgresql://f@h/f"


def test_an_unknown_environment_is_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelled environment is not quietly production."""
    monkeypatch.setenv("ENVIRONMENT", "prod")
    with pytest.raises(
        SettingsError, match="ENVIRONMENT: set it to development, test, build, production"
    ):
        read_environment(service)
    with pytest.raises(SettingsError, match="ENVIRONMENT: Input should be 'development'"):
        Settings.load(service)


def test_a_build_needs_nothing_and_reaches_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets and text are made up, and a database that is configured is not the one it gets."""
    for name in ("SECRET_KEY", "REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENVIRONMENT", "build")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@h/real")
    settings = Settings.load(service)
    assert settings.region == "build"
    with pytest.raises(psycopg.OperationalError, match="ENVIRONMENT-is-build"):
        psycopg.connect(settings.database_url)


def test_a_build_may_not_serve(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would serve, migrate or start a database says so in one sentence."""
    monkeypatch.setenv("ENVIRONMENT", "build")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@h/real")
    with pytest.raises(SettingsError, match="build is for writing files and never serves"):
        migrate.run(service, argparse.Namespace())
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(SettingsError, match="never serves"), devdb.available(service):
        pass


def test_a_list_is_separated_by_commas(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes JSON into an environment."""
    monkeypatch.setenv("REGION", "eu")
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example, b.example ,")
    assert Settings.load(service).allowed_hosts == ("a.example", "b.example")


def test_logs_are_readable_in_development_and_json_elsewhere(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default of one variable follows another."""
    production(monkeypatch)
    assert Settings.load(service).log_format == "json"
    monkeypatch.setenv("ENVIRONMENT", "development")
    assert Settings.load(service).log_format == "console"
    monkeypatch.setenv("LOG_FORMAT", "json")
    assert Settings.load(service).log_format == "json"


def test_settings_do_not_change(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was validated stays."""
    production(monkeypatch)
    settings = Settings.load(service)
    with pytest.raises(ValidationError, match="frozen"):
        settings.log_level = "DEBUG"


def test_the_example_file_starts_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``cp .env.example .env`` is a newcomer's first command."""
    text = env_example.render(Settings)
    service = make_service(tmp_path / "s", "web", env=text.replace("REGION=", "REGION=eu"))
    monkeypatch.delenv("ENVIRONMENT")
    assert Settings.load(service).environment is Environment.DEVELOPMENT


def test_the_example_file_names_every_variable_and_no_secret() -> None:
    """It is derived from the fields, their defaults and their descriptions."""
    text = env_example.render(Settings)
    for line in (
        "ENVIRONMENT=development",
        "# Signs cookies.\n# SECRET_KEY=\n",
        "# Where it runs.\nREGION=\n",
        "# ALLOWED_HOSTS=localhost\n",
        "# LOG_LEVEL=INFO\n",
        "# DATABASE_URL=\n",
        "# WEB_PORT=8000\n",
    ):
        assert line in text
    assert "placeholder" not in text
    assert "API_PORT" not in text


def test_settings_made_directly_show_no_value_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pydantic's own error would quote what it was given."""
    monkeypatch.setenv("WORKERS", "hunter2")
    with pytest.raises(ValidationError) as caught:
        Settings()  # type: ignore[call-arg]
    assert "hunter2" not in str(caught.value)


class Api(ServiceSettings):
    """The settings of an API."""

    half: ClassVar[Literal["api"]] = "api"


def test_the_example_file_names_the_ports_that_are_used() -> None:
    """The development issuer runs beside an API that has no web half."""
    assert env_example.render(Api).endswith(
        "# API_PORT=8001\n# ISSUER_PORT=8002\n# RECEIVER_PORT=8003\n"
    )
    assert env_example.render(Settings, Api).endswith(
        "# WEB_PORT=8000\n# API_PORT=8001\n# RECEIVER_PORT=8003\n"
    )

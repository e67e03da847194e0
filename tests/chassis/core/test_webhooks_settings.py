"""What a service that delivers webhooks may configure."""

from pathlib import Path

import pytest

from chassis.environment import SettingsError
from chassis.webhooks.settings import WebhookSettings
from conftest import make_service

KEYS = "yDk3bV8sQ1wZ5tLx7Rm2Nc4Hf6Jp9Ga0"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://a@h/a",
    "WEBHOOK_KEYS": KEYS,
}


def load(tmp_path: Path, **variables: str) -> WebhookSettings:
    """Load the settings of a service with these variables."""
    lines = "\n".join(f"{name}={value}" for name, value in variables.items())
    return WebhookSettings.load(make_service(tmp_path / "s", "api", env=lines))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"WEBHOOK_KEYS": ""}, "WEBHOOK_KEYS: not set"),
        ({"WEBHOOK_KEYS": f"{KEYS},short"}, "WEBHOOK_KEYS: each key needs"),
        ({"WEBHOOK_ALLOW_PRIVATE": "true"}, "WEBHOOK_ALLOW_PRIVATE: refused in production"),
        ({"WEBHOOK_PORTS": "443,x"}, "WEBHOOK_PORTS: set it to numbers"),
        ({"WEBHOOK_PORTS": "0"}, "WEBHOOK_PORTS: set it to numbers"),
    ],
)
def test_production_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], line: str
) -> None:
    """A placeholder, a short key, an open inner network: each stops the start with a sentence."""
    monkeypatch.delenv("ENVIRONMENT")
    with pytest.raises(SettingsError, match=line):
        load(tmp_path, **PRODUCTION | change)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://hooks.example.com/in", None),
        ("https://hooks.example.com:443/in", None),
        ("https://hooks.example.com:8443/in", None),
        ("https://hooks.example.com:22/in", "uses port 22"),
        ("https://hooks.example.com:0/in", "uses port 0"),
        ("https://hooks.example.com:99999/in", "is not a valid URL"),
        ("http://hooks.example.com/in", "is not https"),
        ("https://[::1]/in", "is a loopback or private address"),
    ],
)
def test_production_bounds_where_webhooks_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, reason: str | None
) -> None:
    """https on the given ports of what may be public; the reason says what to change."""
    monkeypatch.delenv("ENVIRONMENT")
    settings = load(tmp_path, **PRODUCTION, WEBHOOK_PORTS="443, 8443")
    assert settings.reason_against(url) == reason


@pytest.mark.parametrize(
    ("url", "reason"),
    [("http://127.0.0.1:9000/in", None), ("ftp://127.0.0.1", "is neither http nor https")],
)
def test_development_reaches_its_own_machine(tmp_path: Path, url: str, reason: str | None) -> None:
    """A receiver on a developer's machine is plain http on loopback."""
    assert load(tmp_path).reason_against(url) == reason


def test_development_may_be_as_strict(tmp_path: Path) -> None:
    """The setting closes it there too."""
    settings = load(tmp_path, WEBHOOK_ALLOW_PRIVATE="false")
    assert settings.reason_against("http://127.0.0.1:9000/in") == "is not https"

"""The settings in production, in a separate process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "ENVIRONMENT": "production",
    "WEB_DATABASE_URL": "postgresql://web@db.example/web",
    "SECRET_KEY": "kP2vX9qLw7RtY4uJ8sDf1gHb6nMz3cVa5eQo0iTrWxZyBhNjUl",
    "ALLOWED_HOSTS": "orders.example.com",
    "BEHIND_PROXY": "true",
    "SMTP_HOST": "mail.example.com",
    "MAIL_FROM": "orders@example.com",
    "MEDIA_BUCKET": "orders-uploads",
    "OIDC_ISSUER": "https://orders.example.com",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` with only `variables` as settings."""
    clean = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH")}
    return subprocess.run(  # noqa: S603 - a fixed list of arguments
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def signing_key() -> dict[str, str]:
    """Return the identity provider's key, which these settings created. Only a hybrid has one."""
    key = ROOT / ".dev" / "identity.pem"
    return {"OIDC_SIGNING_KEYS": key.read_text("ascii")} if key.exists() else {}


def test_production_settings_have_nothing_to_warn_about() -> None:
    """Django's deployment checks report nothing."""
    done = manage("check", "--deploy", "--fail-level=WARNING", **PRODUCTION, **signing_key())
    assert done.returncode == 0, done.stderr


def test_missing_variables_are_listed_without_a_traceback() -> None:
    """The error lists all missing variables at once, one on each line."""
    done = manage("check", ENVIRONMENT="production")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for name in (
        "SECRET_KEY",
        "DATABASE_URL",
        "ALLOWED_HOSTS",
        "BEHIND_PROXY",
        "SMTP_HOST",
        "MAIL_FROM",
        "MEDIA_BUCKET",
    ):
        assert f"{name}: " in done.stderr


def test_production_without_a_proxy_is_a_choice() -> None:
    """`BEHIND_PROXY=false` is accepted in production."""
    done = manage("check", **(PRODUCTION | signing_key() | {"BEHIND_PROXY": "false"}))
    assert done.returncode == 0, done.stderr


def test_development_secret_does_not_start_in_production() -> None:
    """The development key is refused, and its value is not shown."""
    weak = PRODUCTION | {"SECRET_KEY": "django-insecure-0123456789-abcdefghijklmnop"}
    done = manage("check", **weak)
    assert done.returncode == 1
    assert "SECRET_KEY: still a placeholder" in done.stderr
    assert "0123456789" not in done.stderr

"""What only some plans have."""

from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chassis.django.people import settings as people
from chassis.django.people import sso
from chassis.django.settings import TASKS, install


def make(root: Path, plan: str) -> dict[str, Any]:
    """Write a service of a plan and give the settings that `install` gets."""
    (root / ".roadbed").mkdir()
    (root / ".roadbed" / "service.toml").write_text(f'plan = "{plan}"\n', encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "orders"\nversion = "1"\n', encoding="utf-8"
    )
    policy = {"form-action": ["'self'"]}
    return {"BASE_DIR": root, "INSTALLED_APPS": ["web.stock"], "SECURE_CSP": policy}


def test_monolith_stays_as_it_is(tmp_path: Path) -> None:
    """A service that issues no tokens gets no provider and no key, only the queue."""
    settings = make(tmp_path, "django-monolith")
    before = deepcopy(settings)
    install(settings)
    assert settings == before | {"TASKS": TASKS}
    assert not (tmp_path / ".dev").exists()


def test_hybrid_becomes_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hybrid gets the app, and an issuer at the port of `just up`."""
    monkeypatch.setenv("WEB_PORT", "8123")
    settings = make(tmp_path, "hybrid")
    install(settings)
    assert settings["INSTALLED_APPS"] == ["web.stock", "allauth.idp.oidc"]
    assert settings["OIDC_ISSUER"] == "http://127.0.0.1:8123"
    assert settings["IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN"] == 300
    assert len(settings["IDP_OIDC_PRIVATE_KEYS"]) == 1


def test_team_says_who_holds_a_scope(tmp_path: Path) -> None:
    """SCOPES_OF of the settings stays; without it the role matrix decides."""
    settings = make(tmp_path, "hybrid")
    install(settings)
    assert settings["SCOPES_OF"] == "chassis.django.identity.adapter.scopes_of"
    own = settings | {"SCOPES_OF": "web.rights.scopes_of"}
    install(own)
    assert own["SCOPES_OF"] == "web.rights.scopes_of"


def test_login_form_may_lead_back_to_a_client(tmp_path: Path) -> None:
    """Browsers stop a form whose redirects leave `form-action`; a sign-in ends at the client."""
    settings = make(tmp_path, "hybrid")
    install(settings)
    assert "https:" in settings["SECURE_CSP"]["form-action"]


def test_rest_framework_gets_defaults_unless_the_team_has_its_own(tmp_path: Path) -> None:
    """Views of the framework need a session until somebody decides otherwise."""
    settings = make(tmp_path, "django-monolith") | {"INSTALLED_APPS": ["rest_framework"]}
    install(settings)
    permissions = settings["REST_FRAMEWORK"]["DEFAULT_PERMISSION_CLASSES"]
    assert permissions == ["rest_framework.permissions.IsAuthenticated"]
    own: dict[str, Any] = settings | {"REST_FRAMEWORK": {"own": True}}
    install(own)
    assert own["REST_FRAMEWORK"] == {"own": True}


def test_accounts_get_second_factors_unless_the_team_decided(tmp_path: Path) -> None:
    """The apps stand behind allauth's accounts; a setting that is there already stays."""
    settings = make(tmp_path, "django-monolith") | {
        "SERVICE": SimpleNamespace(name="orders"),
        "INSTALLED_APPS": ["allauth.account", "web.stock"],
        "MFA_TOTP_ISSUER": "Ours",
    }
    install(settings)
    added = [*sso.APPS, *people.APPS]
    assert settings["INSTALLED_APPS"] == ["allauth.account", *added, "web.stock"]
    assert settings["MFA_TOTP_ISSUER"] == "Ours"
    assert settings["ACCOUNT_REAUTHENTICATION_REQUIRED"] is True
    assert "code" not in settings["ACCOUNT_REAUTHENTICATION_METHODS"]
    assert settings["MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"] is False

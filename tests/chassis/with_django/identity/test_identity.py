"""The hybrid's identity provider."""

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jwt
import pytest
from allauth.idp.oidc.models import Client as OidcClient
from django.conf import settings as site
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django import Settings

from chassis.auth import SINGLE_TENANT
from chassis.django.identity.settings import IdentitySettings, signing_keys
from chassis.environment import SettingsError
from chassis.service import Service
from chassis.settings import Secret

pytestmark = pytest.mark.django_db
TOKEN = "/identity/o/api/token"
AUTHORIZE = "/identity/o/authorize"
TENANT = UUID("8a1c0f2e-6a57-4a2f-9a3f-0d4c5e6f7a8b")
NO_TENANT = None
_BY_ROLES = "chassis.django.identity.adapter.scopes_of"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


@pytest.fixture
def service_client() -> OidcClient:
    """A client that may ask for tokens for `api`, in its own name."""
    client = OidcClient(
        id="billing",
        scopes="endpoints:write",
        grant_types="client_credentials",
        data={"audiences": ["api"]},
    )
    client.set_secret("secret")
    client.save()
    return client


@pytest.fixture
def page_client() -> OidcClient:
    """A public client of people."""
    return OidcClient.objects.create(
        id="page",
        type="public",
        scopes="openid\nendpoints:read",
        grant_types="authorization_code",
        redirect_uris="http://127.0.0.1:9/cb",
        skip_consent=True,
        data={"audiences": ["api"]},
    )


def ask(**changes: str) -> Any:
    """Ask for a token by client credentials."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "billing",
        "client_secret": "secret",
        "scope": "endpoints:write",
        "resource": "service://api",
    }
    return Client().post(TOKEN, {key: value for key, value in (form | changes).items() if value})


def claims(token: str) -> dict[str, Any]:
    """Verify a token with the published keys, as a service does."""
    keys = {key["kid"]: key for key in Client().get("/.well-known/jwks.json").json()["keys"]}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]], algorithm="RS256")
    decoded: dict[str, Any] = jwt.decode(
        token,
        key,
        ["RS256"],
        audience="api",
        issuer=site.OIDC_ISSUER,
        options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )
    return decoded


def test_token_names_one_service_and_its_client(service_client: OidcClient) -> None:
    """A client's token has audience, subject, scope and tenant, and lives five minutes."""
    found = claims(ask().json()["access_token"])
    assert found["aud"] == "api"
    assert found["sub"] == "client:billing"
    assert found["scope"] == "endpoints:write"
    assert found["tenant"] == str(SINGLE_TENANT)
    assert found["token_use"] == "access"
    assert found["exp"] - found["iat"] == 300


def test_client_needs_a_tenant_where_there_are_several(
    service_client: OidcClient, settings: Settings
) -> None:
    """With organizations a client without one is refused; with one it gets a token for it."""
    settings.ONLY_TENANT = f"{__name__}.NO_TENANT"
    refusal = ask()
    assert (refusal.status_code, refusal.json()["error"]) == (400, "unauthorized_client")
    OidcClient.objects.update(data={"audiences": ["api"], "tenant": str(TENANT)})
    assert claims(ask().json()["access_token"])["tenant"] == str(TENANT)


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ("", "Ask for one resource"),
        ("api", "A resource looks like service://api."),
        ("https://api/", "A resource looks like service://api."),
        ("service://api/path", "A resource looks like service://api."),
        ("service://other", "may not ask for tokens for other"),
    ],
)
def test_wrong_resource_is_refused(service_client: OidcClient, resource: str, reason: str) -> None:
    """No audience, a malformed one and a forbidden one are the caller's mistakes, not ours."""
    response = ask(resource=resource)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_target"
    assert reason in response.json()["error_description"]


def test_client_without_audiences_gets_nothing(service_client: OidcClient) -> None:
    """A client made in the back office may ask for nothing until somebody says so."""
    OidcClient.objects.update(data=None)
    assert ask().json()["error"] == "invalid_target"


def test_issuer_does_not_follow_the_host_header(service_client: OidcClient) -> None:
    """The configured issuer is in the discovery document, whatever host was asked."""
    found = Client().get("/.well-known/openid-configuration").json()
    assert found["issuer"] == "https://orders.example.com"


def walk(person: User, **changes: str) -> Any:
    """Go to the authorization page as a signed-in person."""
    query = {
        "response_type": "code",
        "client_id": "page",
        "redirect_uri": "http://127.0.0.1:9/cb",
        "scope": "openid endpoints:read",
        "state": "s",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
        "resource": "service://api",
    }
    browser = Client()
    browser.force_login(person)
    return browser.get(AUTHORIZE, {key: value for key, value in (query | changes).items() if value})


def exchange(person: User) -> Any:
    """Let a person sign in, exchange the code and give the answer."""
    location = walk(person).headers["Location"]
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(location).query)["code"][0],
        "redirect_uri": "http://127.0.0.1:9/cb",
        "client_id": "page",
        "code_verifier": VERIFIER,
    }
    return Client().post(TOKEN, form).json()


ROLES = {"clerk": frozenset({"endpoints:read"}), "boss": frozenset({"orders:write"})}


def roles_of(user: User, tenant: UUID) -> set[str]:
    """Say that a last name is a role, in the one tenant there is."""
    return {user.last_name} if tenant == TENANT else set()


@pytest.fixture(autouse=True)
def role_matrix(settings: Settings) -> None:
    """Settings as a service has them."""
    settings.ROLES = f"{__name__}.ROLES"
    settings.ROLES_OF = f"{__name__}.roles_of"


def only_reads(user: User, asked: frozenset[str]) -> set[str]:
    """Say that everybody may read, and grant something that nobody asked for."""
    return {"endpoints:read", "endpoints:write"}


@pytest.mark.parametrize(
    ("who", "hook", "scope"),
    [
        ({}, _BY_ROLES, "openid"),
        ({"last_name": "boss"}, _BY_ROLES, "openid"),
        ({"last_name": "clerk"}, _BY_ROLES, "openid endpoints:read"),
        ({"is_superuser": True}, _BY_ROLES, "openid endpoints:read"),
        ({}, f"{__name__}.only_reads", "openid endpoints:read"),
    ],
)
def test_token_of_a_person_carries_what_the_person_holds(
    page_client: OidcClient, settings: Settings, who: dict[str, Any], hook: str, scope: str
) -> None:
    """A client cannot lend a person a right that no role gives; the answer says so too."""
    settings.SCOPES_OF = hook
    answer = exchange(User.objects.create(username="mia", **who))
    assert (claims(answer["access_token"])["scope"], answer["scope"]) == (scope, scope)


def test_person_gets_a_token_by_code_and_pkce(page_client: OidcClient) -> None:
    """The code is exchanged for a token about the person; the id token is told apart."""
    person = User.objects.create(username="mia")
    answer = exchange(person)
    found = claims(answer["access_token"])
    assert (found["sub"], found["aud"]) == (str(person.pk), "api")
    assert found["tenant"] == str(import_string(site.TENANT_OF)(person))
    id_token = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert id_token.get("token_use") != "access"


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": ""},
        {"resource": "nonsense"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
def test_authorization_wants_resource_and_pkce(
    page_client: OidcClient, wrong: dict[str, str]
) -> None:
    """A request that could leak its code, or leads to a token for nobody, ends at once."""
    response = walk(User.objects.create(username="mia"), **wrong)
    assert response.status_code == 400


def test_both_keys_are_published_and_the_first_signs(service_client: OidcClient) -> None:
    """During a rotation the old key's tokens stay valid."""
    published = [key["kid"] for key in Client().get("/.well-known/jwks.json").json()["keys"]]
    assert len(published) == 2
    header = jwt.get_unverified_header(ask().json()["access_token"])
    assert (header["alg"], header["kid"]) == ("RS256", published[0])


def test_development_makes_its_own_key_once(tmp_path: Path) -> None:
    """The key is private to the user and the same at the next start."""
    service = Service(tmp_path, "orders", "1", "hybrid", ("web",))
    env = IdentitySettings.model_construct(
        oidc_signing_keys=IdentitySettings.model_fields["oidc_signing_keys"].default
    )
    first = signing_keys(env, service)
    assert signing_keys(env, service) == first
    assert (tmp_path / ".dev" / "identity.pem").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / ".dev").iterdir()] == ["identity.pem"]


def test_development_without_a_folder_to_write_has_one_key(tmp_path: Path) -> None:
    """A container's file system may be read-only: what signs is what is published."""
    (tmp_path / ".dev").write_text("in the way")
    service = Service(tmp_path, "orders", "1", "hybrid", ("web",))
    env = IdentitySettings.model_construct(
        oidc_signing_keys=IdentitySettings.model_fields["oidc_signing_keys"].default
    )
    assert signing_keys(env, service) == signing_keys(env, service)


@pytest.mark.parametrize(
    "value", ["no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_unreadable_key_is_explained(tmp_path: Path, value: str) -> None:
    """A key that cannot be read stops the start, and is not shown."""
    env = IdentitySettings.model_construct(oidc_signing_keys=Secret(value))
    service = Service(tmp_path, "orders", "1", "hybrid", ("web",))
    with pytest.raises(SettingsError, match="OIDC_SIGNING_KEYS: set it to") as refusal:
        signing_keys(env, service)
    assert value not in str(refusal.value)


def test_production_wants_an_https_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the issuer nor the keys have a default in production."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", "postgresql://web@db/web")
    monkeypatch.setenv("OIDC_ISSUER", "http://orders.example.com")
    service = Service(Path("/nowhere"), "orders", "1", "hybrid", ("web",))
    with pytest.raises(SettingsError) as refusal:
        IdentitySettings.load(service)
    assert "OIDC_ISSUER: set it to the https:// address" in str(refusal.value)
    assert "OIDC_SIGNING_KEYS: not set" in str(refusal.value)


def token(*arguments: str) -> str:
    """Run `manage.py token` and give what it printed."""
    out = io.StringIO()
    call_command("token", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, roadbed_service: Service) -> None:
    """Run commands inside the service."""
    monkeypatch.chdir(roadbed_service.root)


def test_development_token_is_all_that_is_printed(local: None) -> None:
    """`manage.py token` prints a token with the permissions and the tenant asked for."""
    tenant = "8a1c0f2e-6a57-4a2f-9a3f-0d4c5e6f7a8b"
    printed = token("--permissions", "endpoints:write endpoints:read", "--tenant", tenant)
    found = claims(printed.strip())
    assert found["scope"].split() == ["endpoints:write", "endpoints:read"]
    assert found["tenant"] == tenant
    again = claims(token("--permissions", "endpoints:read").strip())
    assert (again["scope"], again["tenant"]) == ("endpoints:read", str(SINGLE_TENANT))


def test_development_token_needs_a_tenant_where_there_are_several(
    local: None, settings: Settings
) -> None:
    """A developer is told which option is missing."""
    settings.ONLY_TENANT = f"{__name__}.NO_TENANT"
    with pytest.raises(CommandError, match="--tenant with the UUID of an organization"):
        token()
    printed = token("--permissions", "endpoints:read", "--tenant", str(TENANT))
    assert claims(printed.strip())["tenant"] == str(TENANT)


def test_no_development_token_in_production(local: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The development client never exists in production."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(CommandError, match="do not exist in production"):
        token()
    assert not OidcClient.objects.exists()


def test_payload_is_json(service_client: OidcClient) -> None:
    """A refusal of the endpoint is an OAuth error, not a page."""
    response = ask(client_secret="wrong")
    assert (response.status_code, json.loads(response.content)["error"]) == (401, "invalid_client")

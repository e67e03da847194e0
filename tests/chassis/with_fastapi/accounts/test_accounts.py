"""Signing in at a service that owns its accounts, and making the first of them."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import httpx2
import jwt
import psycopg
import pytest
from fastapi import Depends

from chassis import accounts, schema
from chassis.fastapi.accounts import services
from chassis.fastapi.accounts.administrator import make_administrator
from chassis.fastapi.accounts.routes import router
from chassis.fastapi.app import Application
from chassis.fastapi.security.declared_permissions import permissions
from chassis.fastapi.security.permissions import CurrentPrincipal, Guarded, requires
from chassis.fastapi.settings import AccountSettings
from chassis.service import Service
from chassis.throttle import Limit
from with_fastapi.conftest import LOGIN

PATH = "/v1/auth/token"


@pytest.fixture
def app(service: Service, database: str) -> Application:
    """Give an application that signs its own tokens, with one account and one route."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
    settings = AccountSettings.model_validate({"environment": "test", "database_url": database})
    made = Application(settings, service=service)
    made.include_router(router)

    @made.get("/me", dependencies=[Depends(requires("me:read"))])
    async def me(caller: CurrentPrincipal) -> str:
        return caller.issuer

    return made


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
async def test_token_is_taken_by_the_service_itself(client: httpx2.AsyncClient, kind: str) -> None:
    """A password gives ten minutes of access, whichever way it is sent."""
    body = urlencode(LOGIN) if "form" in kind else json.dumps(LOGIN)
    answer = await client.post(PATH, content=body, headers={"content-type": kind})
    issued = answer.json()
    assert (answer.status_code, issued["token_type"], issued["expires_in"]) == (200, "Bearer", 600)
    caller = {"Authorization": f"Bearer {issued['access_token']}"}
    assert (await client.get("/me", headers=caller)).json() == "http://127.0.0.1:8001"


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ('{"email": "ada@example.com", "password": "wrong"}', "application/json", 401),
        ('{"email": "bob@example.com", "password": "wrong"}', "application/json", 401),
        ('{"email": "a\\u0000b@example.com", "password": "wrong"}', "application/json", 422),
        ('{"email": "ada@example.com"}', "application/json", 422),
        ('{"email": ["hunter2"], "password": "x"}', "application/json", 422),
        ("{", "application/json", 422),
        ("\ud800".encode("utf-8", "surrogatepass"), "application/x-www-form-urlencoded", 422),
        ("&" * 50, "application/x-www-form-urlencoded", 422),
        ("x", "text/plain", 415),
    ],
)
async def test_refusals(client: httpx2.AsyncClient, content: str, kind: str, status: int) -> None:
    """Whatever is sent, the answer is a problem that repeats nothing."""
    answer = await client.post(PATH, content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert "hunter2" not in answer.text


async def test_a_full_queue_leaves_the_pool_to_others(
    app: Application,
    client: httpx2.AsyncClient,
    account: accounts.Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sign-ins hold no connection while they compute, however many there are."""
    monkeypatch.setattr(services, "_OF_AN_ACCOUNT", Limit("sign-in", 20, 600))
    await asyncio.gather(*(client.post(PATH, json=LOGIN) for _ in range(11)))
    answers = [await client.post(PATH, json=LOGIN) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    claims = jwt.decode(answers[0].json()["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["scope"]) == (str(account.id), "me:read")
    await app.platform.database.dispose()


def test_permissions_are_read_from_the_routes(app: Application) -> None:
    """What an administrator may do is what routes and guarded mounts ask for."""
    app.mount("/files", Guarded(app, "files:read"))
    assert permissions(app) == ["files:read", "me:read"]


def test_administrator_gets_every_permission(
    app: Application, monkeypatch: pytest.MonkeyPatch, capsys: Any, database: str
) -> None:
    """The password comes from the environment and is nowhere shown; doing it twice is refused."""
    monkeypatch.setenv("ADMIN_PASSWORD", LOGIN["password"])
    monkeypatch.setattr("sys.argv", ["admin", LOGIN["email"]])
    make_administrator(app)
    assert LOGIN["password"] not in "".join(capsys.readouterr())
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT email, permissions FROM platform.account").fetchall()
    assert found == [(LOGIN["email"], ["me:read"])]
    with pytest.raises(SystemExit, match="has an account"):
        make_administrator(app)


def test_administrator_needs_a_password_that_will_do(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short password is one sentence, not a traceback."""
    monkeypatch.setenv("ADMIN_PASSWORD", "short")
    monkeypatch.setattr("sys.argv", ["admin", LOGIN["email"]])
    with pytest.raises(SystemExit, match="12 to 256 characters"):
        make_administrator(app)

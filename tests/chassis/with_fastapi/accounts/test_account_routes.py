"""Everything under /v1/auth, as clients and browsers use it."""

import re
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from fastapi import Depends

from chassis import accounts, schema
from chassis.auth import SINGLE_TENANT, Principal, Verified
from chassis.fastapi.accounts import services
from chassis.fastapi.accounts.routes import router
from chassis.fastapi.app import Application
from chassis.fastapi.security.declared_permissions import undecided
from chassis.fastapi.security.permissions import CurrentPrincipal, requires
from chassis.fastapi.settings import AccountSettings
from chassis.service import Service
from chassis.throttle import Limit
from with_fastapi.conftest import LOGIN, client_of

pytestmark = pytest.mark.usefixtures("cheap_passwords")
NEW = "another horse battery"
CSRF = {"X-CSRF": "1", "Sec-Fetch-Site": "same-origin"}


def make(service: Service, database: str, **settings: Any) -> Application:
    """Make an application with sign-in and two routes of its own."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
    given = {"environment": "test", "database_url": database, "sign_up_open": True, **settings}
    made = Application(AccountSettings.model_validate(given), service=service)
    made.include_router(router)

    @made.get("/me", dependencies=[Depends(requires("me:read"))])
    async def me(caller: CurrentPrincipal) -> str | None:
        return caller.session

    @made.post("/me", dependencies=[Depends(requires("me:read"))])
    async def change_me() -> None:
        """Change something."""

    return made


@pytest.fixture
def app(service: Service, database: str) -> Application:
    """Give the application."""
    return make(service, database, sign_up_permissions="me:read")


async def signed_in(client: httpx2.AsyncClient, **changes: str) -> tuple[dict[str, str], str]:
    """Sign in; give the header of the caller and the refresh token."""
    answer = await client.post("/v1/auth/token", json={**LOGIN, **changes})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return {"Authorization": f"Bearer {body['access_token']}"}, body["refresh_token"]


async def mailed(app: Application) -> tuple[str, str]:
    """Give the recipient and the code of the last mail."""
    async with app.platform.database.driver() as connection:
        cursor = await connection.execute(
            "SELECT recipient, body FROM platform.mail ORDER BY created_at DESC"
        )
        recipient, body = await cursor.fetchone() or ("", "")
    found = re.search(r"Code: (\S+)", body)
    return recipient, found[1] if found else ""


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Give the status and the type of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.mark.usefixtures("account")
async def test_a_refresh_token_keeps_a_session_alive(client: httpx2.AsyncClient) -> None:
    """The next access token belongs to the same session; nothing is stored on the way."""
    caller, token = await signed_in(client)
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": token})
    assert answer.headers["cache-control"] == "no-store"
    fresh = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    session = (await client.get("/me", headers=caller)).json()
    assert session
    assert (await client.get("/me", headers=fresh)).json() == session


@pytest.mark.usefixtures("account")
async def test_a_revoked_refresh_token_is_refused(client: httpx2.AsyncClient) -> None:
    """Revoking twice, or nonsense, is no error; using it is."""
    _, token = await signed_in(client)
    for value in (token, token, "nonsense"):
        answer = await client.post("/v1/auth/revoke", json={"refresh_token": value})
        assert answer.status_code == 204
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": token})
    assert problem(answer) == (401, "invalid-refresh-token")
    assert token not in answer.text


@pytest.mark.usefixtures("account")
async def test_tries_are_limited_by_client_and_account(
    app: Application, client: httpx2.AsyncClient
) -> None:
    """The right password is refused as well, elsewhere it works, and other accounts do here."""
    for _ in range(10):
        answer = await client.post("/v1/auth/token", json={**LOGIN, "password": "wrong"})
        assert problem(answer) == (401, "invalid-credentials")
    same = {**LOGIN, "email": " ADA@example.com "}
    answer = await client.post("/v1/auth/token", json=same)
    assert problem(answer) == (429, "too-many-tries")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    answer = await client.post("/v1/auth/token", json={**LOGIN, "email": "eve@example.com"})
    assert problem(answer) == (401, "invalid-credentials")
    transport = httpx2.ASGITransport(app, client=("198.51.100.7", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as elsewhere:
        await signed_in(elsewhere)


@pytest.mark.usefixtures("account")
async def test_a_client_is_not_who_it_says_it_is(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header of its own does not make it another one; a trusted proxy's word does."""
    monkeypatch.setattr(services, "_OF_AN_ACCOUNT", Limit("sign-in", 2, 600))

    async def status(peer: str, forwarded: str) -> int:
        transport = httpx2.ASGITransport(app, client=(peer, 1))
        headers = {"X-Forwarded-For": forwarded}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test", headers=headers
        ) as some:
            wrong = {**LOGIN, "password": "wrong"}
            return (await some.post("/v1/auth/token", json=wrong)).status_code

    tried = [await status("203.0.113.5", f"198.51.100.{number}") for number in range(3)]
    assert tried == [401] * 2 + [429]
    tried = [await status("127.0.0.1", f"192.0.2.1, 198.51.100.{number}") for number in range(3)]
    assert tried == [401] * 3
    tried = [await status("127.0.0.1", f"192.0.2.{number}, 203.0.113.5") for number in range(2)]
    assert tried == [429] * 2


async def test_sign_up_and_reset_answer_the_same_for_everybody(
    app: Application, client: httpx2.AsyncClient, account: accounts.Account
) -> None:
    """Only the reader of the mail learns whether there is an account."""
    for path in ("/v1/auth/sign-up", "/v1/auth/reset"):
        answers = [
            await client.post(path, json={"email": email})
            for email in (account.email, "eve@example.com")
        ]
        assert [(item.status_code, item.content) for item in answers] == [(202, b"")] * 2
        assert (await mailed(app))[0] == "eve@example.com"


async def test_somebody_signs_up(app: Application, client: httpx2.AsyncClient) -> None:
    """With the permissions that the service gives to those who do."""
    email = "eve@example.com"
    await client.post("/v1/auth/sign-up", json={"email": email})
    body = {"token": (await mailed(app))[1], "password": "short"}
    answer = await client.post("/v1/auth/redeem", json=body)
    assert problem(answer) == (422, "validation")
    assert answer.json()["errors"][0]["pointer"] == "/body/password"
    body["password"] = NEW
    assert (await client.post("/v1/auth/redeem", json=body)).status_code == 204
    assert problem(await client.post("/v1/auth/redeem", json=body)) == (403, "invalid-link")
    caller, _ = await signed_in(client, email=email, password=NEW)
    assert (await client.get("/me", headers=caller)).status_code == 200


@pytest.mark.usefixtures("account")
async def test_a_reset_signs_out_everywhere(app: Application, client: httpx2.AsyncClient) -> None:
    """Whoever held a session has to know the new password."""
    _, token = await signed_in(client)
    await client.post("/v1/auth/reset", json={"email": LOGIN["email"]})
    body = {"token": (await mailed(app))[1], "password": NEW}
    assert (await client.post("/v1/auth/redeem", json=body)).status_code == 204
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": token})
    assert problem(answer) == (401, "invalid-refresh-token")
    await signed_in(client, password=NEW)


async def test_sign_up_is_closed_unless_somebody_opens_it(service: Service, database: str) -> None:
    """Whoever is asked for, the answer is the same."""
    async with client_of(make(service, database, sign_up_open=False)) as client:
        answer = await client.post("/v1/auth/sign-up", json={"email": "eve@example.com"})
    assert problem(answer) == (403, "sign-up-closed")


async def test_mails_to_an_address_are_limited(client: httpx2.AsyncClient) -> None:
    """Nobody fills a stranger's mailbox through us."""
    body = {"email": "eve@example.com"}
    for _ in range(5):
        assert (await client.post("/v1/auth/reset", json=body)).status_code == 202
    assert problem(await client.post("/v1/auth/reset", json=body)) == (429, "too-many-tries")
    answer = await client.post("/v1/auth/reset", json={"email": "no address"})
    assert problem(answer) == (422, "validation")


@pytest.mark.usefixtures("account")
async def test_sessions_are_listed_and_ended(client: httpx2.AsyncClient) -> None:
    """The present one is marked; another one is ended by its number, and all at once."""
    caller, token = await signed_in(client)
    _, other = await signed_in(client)
    answer = await client.get("/v1/auth/sessions", headers=caller)
    assert answer.headers["cache-control"] == "no-store"
    listed = answer.json()["items"]
    assert sorted(item["current"] for item in listed) == [False, True]
    [number] = [item["id"] for item in listed if not item["current"]]
    path = f"/v1/auth/sessions/{number}"
    assert (await client.delete(path, headers=caller)).status_code == 204
    assert (await client.delete(path, headers=caller)).status_code == 404
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": other})
    assert answer.status_code == 401
    assert (await client.delete("/v1/auth/sessions", headers=caller)).status_code == 204
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == 401


@pytest.mark.usefixtures("account")
async def test_a_password_is_changed_by_somebody_who_knows_it(client: httpx2.AsyncClient) -> None:
    """Every session ends; neither password is repeated."""
    caller, token = await signed_in(client)
    wrong = {"current": "hunter2hunter2", "new": NEW}
    answer = await client.put("/v1/auth/password", json=wrong, headers=caller)
    assert problem(answer) == (401, "invalid-credentials")
    assert "hunter2" not in answer.text
    right = {"current": LOGIN["password"], "new": "short"}
    answer = await client.put("/v1/auth/password", json=right, headers=caller)
    assert answer.json()["errors"][0]["pointer"] == "/body/new"
    right["new"] = NEW
    assert (await client.put("/v1/auth/password", json=right, headers=caller)).status_code == 204
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == 401
    await signed_in(client, password=NEW)


async def test_a_caller_of_another_issuer_has_no_sessions_here(
    app: Application, client: httpx2.AsyncClient, account: accounts.Account
) -> None:
    """Its subject may look like the number of an account."""

    class Everybody:
        def accepts(self, credential: str) -> bool:
            return True

        async def examine(self, credential: str) -> Verified:
            principal = Principal("elsewhere", str(account.id), SINGLE_TENANT, None, frozenset())
            return Verified(principal, float("inf"))

    app.platform.authentication._schemes = [Everybody()]
    for method, path in (
        ("GET", "/v1/auth/sessions"),
        ("DELETE", "/v1/auth/sessions"),
        ("DELETE", f"/v1/auth/sessions/{uuid4()}"),
    ):
        answer = await client.request(method, path, headers={"Authorization": "Bearer x"})
        assert problem(answer) == (403, "permission-denied")


def cookies_of(answer: httpx2.Response) -> dict[str, str]:
    """Give the cookies that an answer sets, after seeing that no script can read them."""
    found = {}
    for header in answer.headers.get_list("set-cookie"):
        name, _, rest = header.partition("=")
        value, _, attributes = rest.partition("; ")
        assert {"HttpOnly", "Path=/", "SameSite=strict", "Secure"} <= set(attributes.split("; "))
        assert "Domain" not in attributes
        found[name] = value.strip('"')
    return found


def cookie(cookies: dict[str, str]) -> dict[str, str]:
    """Write cookies as a browser does."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


async def browse(client: httpx2.AsyncClient) -> dict[str, str]:
    """Sign a browser in."""
    answer = await client.post("/v1/auth/browser/sign-in", json=LOGIN, headers=CSRF)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["cache-control"] == "no-store"
    return cookies_of(answer)


@pytest.mark.usefixtures("account")
async def test_a_browser_gets_its_session_as_cookies(client: httpx2.AsyncClient) -> None:
    """They open the API, are renewed, and are taken back."""
    found = await browse(client)
    assert set(found) == {"__Host-access", "__Host-refresh"}
    assert (await client.get("/me", headers=cookie(found))).status_code == 200
    answer = await client.post("/v1/auth/browser/refresh", headers={**cookie(found), **CSRF})
    renewed = cookies_of(answer)
    assert renewed["__Host-refresh"] != found["__Host-refresh"]
    answer = await client.post("/v1/auth/browser/sign-out", headers={**cookie(renewed), **CSRF})
    assert cookies_of(answer) == {"__Host-access": "", "__Host-refresh": ""}
    answer = await client.post("/v1/auth/browser/refresh", headers={**cookie(renewed), **CSRF})
    assert problem(answer) == (401, "invalid-refresh-token")
    answer = await client.post("/v1/auth/browser/refresh", headers=CSRF)
    assert problem(answer) == (401, "invalid-refresh-token")


FORGED = {
    "without the header": {"Sec-Fetch-Site": "same-origin"},
    "another value": {"Sec-Fetch-Site": "same-origin", "X-CSRF": "0"},
    "another site": {"X-CSRF": "1", "Sec-Fetch-Site": "cross-site", "Origin": "http://test"},
    "a neighbor": {"X-CSRF": "1", "Sec-Fetch-Site": "same-site"},
    "another origin": {"X-CSRF": "1", "Origin": "https://evil.example"},
    "an opaque origin": {"X-CSRF": "1", "Origin": "null"},
    "no origin": {"X-CSRF": "1"},
}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("name", FORGED)
async def test_another_site_changes_nothing_with_the_cookie(
    client: httpx2.AsyncClient, name: str
) -> None:
    """Nor does it sign anybody in, or renew and end a session."""
    sent = {**cookie(await browse(client)), **FORGED[name]}
    for path in ("/me", "/v1/auth/browser/refresh", "/v1/auth/browser/sign-out"):
        assert problem(await client.post(path, headers=sent)) == (403, "foreign-request")
    answer = await client.post("/v1/auth/browser/sign-in", json=LOGIN, headers=FORGED[name])
    assert problem(answer) == (403, "foreign-request")


@pytest.mark.usefixtures("account")
async def test_an_older_browser_names_its_origin(client: httpx2.AsyncClient) -> None:
    """Without Sec-Fetch-Site the origin decides; a bearer token needs neither."""
    found = await browse(client)
    sent = {**cookie(found), "X-CSRF": "1", "Origin": "http://test"}
    assert (await client.post("/me", headers=sent)).status_code == 200
    caller, _ = await signed_in(client)
    assert (await client.post("/me", headers=caller)).status_code == 200


async def test_an_origin_that_may_call_us_may_also_sign_in(service: Service, database: str) -> None:
    """A front end on a neighboring host, named in CORS_ORIGINS."""
    app = make(service, database, cors_origins="https://app.example")
    await accounts.create(
        app.platform.database.driver, email=LOGIN["email"], password=LOGIN["password"]
    )
    sent = {"X-CSRF": "1", "Sec-Fetch-Site": "same-site"}
    async with client_of(app) as client:
        for origin, status in (("https://app.example", 204), ("https://evil.example", 403)):
            answer = await client.post(
                "/v1/auth/browser/sign-in", json=LOGIN, headers={**sent, "Origin": origin}
            )
            assert answer.status_code == status
        asked = {"Access-Control-Request-Method": "POST", "Origin": "https://app.example"}
        asked["Access-Control-Request-Headers"] = "x-csrf,content-type"
        preflight = await client.options("/v1/auth/browser/sign-in", headers=asked)
    assert preflight.status_code == 200


@pytest.mark.usefixtures("account")
async def test_a_cookie_that_comes_twice_is_nobodys(client: httpx2.AsyncClient) -> None:
    """Whoever can plant a second one decides nothing; nor does a token in the address."""
    found = await browse(client)
    twice = {"Cookie": f"__Host-access={found['__Host-access']}; __Host-access=x"}
    assert problem(await client.get("/me", headers=twice)) == (401, "missing-token")
    address = f"/me?access_token={found['__Host-access']}"
    assert problem(await client.get(address)) == (401, "missing-token")


def test_every_route_says_who_may_call_it(app: Application) -> None:
    """Otherwise the service would not start."""
    assert [entry.template for entry in undecided(app, known=app.platform.named)] == []


async def test_every_answer_is_declared(app: Application) -> None:
    """The contract knows the problems of these routes, and no field holds a password's value."""
    paths = app.openapi()["paths"]
    assert {"401", "415", "422", "429", "503"} <= set(paths["/v1/auth/token"]["post"]["responses"])
    assert {"403", "422", "429"} <= set(paths["/v1/auth/sign-up"]["post"]["responses"])
    assert {"401", "403", "404"} <= set(
        paths["/v1/auth/sessions/{session_id}"]["delete"]["responses"]
    )

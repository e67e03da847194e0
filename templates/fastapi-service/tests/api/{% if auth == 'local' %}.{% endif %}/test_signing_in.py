"""Sign-in with an email address and a password."""

import re
from email.message import EmailMessage
from http import HTTPStatus

import httpx2
import pytest
from chassis import accounts
from chassis.fastapi.app import Application
from chassis.fastapi.testing import RunJobs
from sqlalchemy.ext.asyncio import AsyncConnection

PATH = "/v1/auth/token"
LOGIN = {"email": "ada@example.com", "password": "correct horse battery"}


@pytest.fixture
async def account(app: Application, connection: AsyncConnection) -> accounts.Account:
    """Return an account with one permission."""
    return await accounts.create(
        app.platform.database.driver,
        email=LOGIN["email"],
        password=LOGIN["password"],
        permissions=["endpoints:read"],
    )


@pytest.mark.usefixtures("account")
async def test_token_opens_the_api(client: httpx2.AsyncClient) -> None:
    """A token from JSON or a form is accepted; a request without one is refused."""
    for answer in [await client.post(PATH, json=LOGIN), await client.post(PATH, data=LOGIN)]:
        assert answer.status_code == HTTPStatus.OK
        assert answer.headers["cache-control"] == "no-store"
        caller = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await client.get("/nowhere", headers=caller)).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.usefixtures("account")
async def test_refusals_do_not_tell_which_accounts_exist(client: httpx2.AsyncClient) -> None:
    """An unknown address and a wrong password get the same response."""
    answers = [
        await client.post(PATH, json={"email": email, "password": "wrong password"})
        for email in (LOGIN["email"], "nobody@example.com")
    ]
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        del body["request_id"]
    assert bodies[0] == bodies[1]
    assert {answer.status_code for answer in answers} == {HTTPStatus.UNAUTHORIZED}


@pytest.mark.usefixtures("account")
async def test_a_session_lives_on_until_it_is_ended(client: httpx2.AsyncClient) -> None:
    """A refresh token returns the next one; a user can list and end their sessions."""
    first = (await client.post(PATH, json=LOGIN)).json()
    body = {"refresh_token": first["refresh_token"]}
    second = (await client.post("/v1/auth/refresh", json=body)).json()
    caller = {"Authorization": f"Bearer {second['access_token']}"}
    listed = (await client.get("/v1/auth/sessions", headers=caller)).json()["items"]
    assert [item["current"] for item in listed] == [True]
    gone = await client.delete(f"/v1/auth/sessions/{listed[0]['id']}", headers=caller)
    assert gone.status_code == HTTPStatus.NO_CONTENT
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.usefixtures("account")
async def test_a_forgotten_password_is_reset_by_mail(
    client: httpx2.AsyncClient, outbox: list[EmailMessage], run_jobs: RunJobs
) -> None:
    """A job sends the email, and its code sets a new password once."""
    await client.post("/v1/auth/reset", json={"email": LOGIN["email"]})
    await run_jobs()
    [mail] = outbox
    code = re.search(r"^Code: (\S+)", mail.get_content(), re.MULTILINE)
    assert (mail["To"], code is not None) == (LOGIN["email"], True)
    body = {"token": code[1] if code else "", "password": "another horse battery"}
    for status in (HTTPStatus.NO_CONTENT, HTTPStatus.FORBIDDEN):
        assert (await client.post("/v1/auth/redeem", json=body)).status_code == status
    answer = await client.post(PATH, json={**LOGIN, "password": body["password"]})
    assert answer.status_code == HTTPStatus.OK


@pytest.mark.usefixtures("account")
async def test_a_browser_keeps_its_session_in_cookies(client: httpx2.AsyncClient) -> None:
    """Scripts cannot read the cookies, and another site cannot use them."""
    ours = {"X-CSRF": "1", "Sec-Fetch-Site": "same-origin"}
    answer = await client.post("/v1/auth/browser/sign-in", json=LOGIN, headers=ours)
    for cookie in answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-")
        assert "HttpOnly" in cookie
    theirs = {"X-CSRF": "1", "Sec-Fetch-Site": "cross-site"}
    answer = await client.post("/v1/auth/browser/sign-in", json=LOGIN, headers=theirs)
    assert answer.status_code == HTTPStatus.FORBIDDEN


async def test_refuses_another_media_type(client: httpx2.AsyncClient) -> None:
    """A body that is neither JSON nor a form gets 415."""
    answer = await client.post(PATH, content="x", headers={"content-type": "text/plain"})
    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE

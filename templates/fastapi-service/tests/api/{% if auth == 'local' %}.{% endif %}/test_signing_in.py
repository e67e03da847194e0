"""Signing in with an e-mail address and a password."""

from http import HTTPStatus

import httpx2
import pytest
from chassis import accounts
from chassis.fastapi import Application
from sqlalchemy.ext.asyncio import AsyncConnection

PATH = "/v1/auth/token"
LOGIN = {"email": "ada@example.com", "password": "correct horse battery"}


@pytest.fixture
async def account(app: Application, connection: AsyncConnection) -> accounts.Account:
    """Give an account with one permission."""
    return await accounts.create(
        app.platform.database.driver,
        email=LOGIN["email"],
        password=LOGIN["password"],
        permissions=["endpoints:read"],
    )


@pytest.mark.usefixtures("account")
async def test_token_opens_the_api(client: httpx2.AsyncClient) -> None:
    """A token got by JSON or by form is taken where strangers are refused."""
    for answer in [await client.post(PATH, json=LOGIN), await client.post(PATH, data=LOGIN)]:
        assert answer.status_code == HTTPStatus.OK
        assert answer.headers["cache-control"] == "no-store"
        caller = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await client.get("/nowhere", headers=caller)).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.usefixtures("account")
async def test_refusals_do_not_tell_which_accounts_exist(client: httpx2.AsyncClient) -> None:
    """An unknown address and a wrong password get the same answer."""
    answers = [
        await client.post(PATH, json={"email": email, "password": "wrong password"})
        for email in (LOGIN["email"], "nobody@example.com")
    ]
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        del body["request_id"]
    assert bodies[0] == bodies[1]
    assert {answer.status_code for answer in answers} == {HTTPStatus.UNAUTHORIZED}


async def test_refuses_another_media_type(client: httpx2.AsyncClient) -> None:
    """Anything but JSON and a form is 415."""
    answer = await client.post(PATH, content="x", headers={"content-type": "text/plain"})
    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE

"""Sessions of local accounts: refresh tokens that rotate, and what ends them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from chassis import accounts
from chassis.accounts import Account, SignedIn
from chassis.accounts import sessions as module
from chassis.accounts.account import verify_password
from chassis.accounts.refresh_token import RefreshToken
from chassis.problems import ProblemError
from lender import Lender

pytestmark = pytest.mark.usefixtures("cheap_passwords")
KEY = b"k" * 32
EMAIL, PASSWORD = "ada@example.org", "correct horse battery"


@pytest.fixture
async def ada(connect: Lender) -> Account:
    """Give an account."""
    return await accounts.create(connect, email=EMAIL, password=PASSWORD, permissions=["a"])


async def sign_in(connect: Lender, **changes: Any) -> SignedIn:
    """Sign in as Ada."""
    given = {"email": EMAIL, "password": PASSWORD, "device": "phone", "key": KEY}
    return await accounts.sign_in(connect, **{**given, **changes})


async def refresh(connect: Lender, token: str) -> SignedIn:
    """Take a refresh token."""
    return await accounts.refresh(connect, token, key=KEY)


async def refused(connect: Lender, token: str, key: bytes = KEY) -> None:
    """See that a refresh token is worth nothing."""
    with pytest.raises(ProblemError) as caught:
        await accounts.refresh(connect, token, key=key)
    assert (caught.value.status, caught.value.slug) == (401, "invalid-refresh-token")


async def age(connect: Lender, **columns: str) -> None:
    """Move moments of every session into the past."""
    for column, by in columns.items():
        query = f"UPDATE platform.account_session SET {column} = {column} - interval '{by}'"  # noqa: S608
        await connect.rows(query)


async def test_a_session_lives_by_its_newest_token(connect: Lender, ada: Account) -> None:
    """Each refresh gives the account as it is now and the next token of the same session."""
    first = await sign_in(connect)
    await connect.rows("UPDATE platform.account SET permissions = '{b}'")
    second = await refresh(connect, first.refresh_token)
    third = await refresh(connect, second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert first.session == second.session == third.session
    assert (second.account.id, second.account.permissions) == (ada.id, ["b"])


@pytest.mark.usefixtures("ada")
async def test_a_lost_answer_signs_nobody_out(connect: Lender) -> None:
    """The same token again, at once or at the same time, gets the same successor."""
    first = await sign_in(connect)
    answers = await asyncio.gather(*(refresh(connect, first.refresh_token) for _ in range(8)))
    [successor] = {answer.refresh_token for answer in answers}
    assert await refresh(connect, first.refresh_token) == answers[0]
    assert await refresh(connect, successor)


@pytest.mark.usefixtures("ada")
async def test_a_spent_token_ends_the_session(connect: Lender) -> None:
    """After the window whoever holds the newest token is out too, and the log says so."""
    first = await sign_in(connect)
    second = await refresh(connect, first.refresh_token)
    other = await sign_in(connect)
    await age(connect, rotated_at="11 seconds")
    with capture_logs() as logged:
        await refused(connect, first.refresh_token)
    assert [line["event"] for line in logged] == ["refresh_reused"]
    await refused(connect, second.refresh_token)
    assert await refresh(connect, other.refresh_token)


@pytest.mark.usefixtures("ada")
async def test_an_older_token_ends_the_session_even_within_the_window(connect: Lender) -> None:
    """Only the one before the newest can belong to a lost answer."""
    first = await sign_in(connect)
    second = await refresh(connect, first.refresh_token)
    third = await refresh(connect, second.refresh_token)
    await refused(connect, first.refresh_token)
    await refused(connect, third.refresh_token)


@pytest.mark.usefixtures("ada")
async def test_an_invented_token_ends_nothing(connect: Lender) -> None:
    """Whoever knows the number of a session, which access tokens carry, cannot end it."""
    found = await sign_in(connect)
    invented = RefreshToken.first(found.session)
    for text in (
        invented.write(b"another key" * 3),
        found.refresh_token[:-2] + "zz",
        found.refresh_token + "=",
        "rbr_" + "é" * 86,
        "rbr_" + "!" * 86,
        "",
    ):
        await refused(connect, text)
    await accounts.end_session(connect, invented.write(b"another key" * 3), key=KEY)
    await refused(connect, found.refresh_token, key=b"x" * 32)
    assert await refresh(connect, found.refresh_token)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(("column", "by"), [("ends_at", "30 days"), ("used_at", "14 days")])
async def test_a_session_has_two_ends(connect: Lender, column: str, by: str) -> None:
    """An absolute one, and one for want of use; purging then deletes it."""
    found = await sign_in(connect)
    other = await sign_in(connect)
    await age(connect, **{column: by})
    with capture_logs() as logged:
        await refused(connect, found.refresh_token)
    assert logged == []
    async with connect() as connection:
        assert await module.purge(connection) == 1
    await refused(connect, other.refresh_token)


async def test_sessions_are_listed_and_ended_by_their_user(connect: Lender, ada: Account) -> None:
    """One or all of an account, and never somebody else's."""
    phone = await sign_in(connect)
    await sign_in(connect, device="lap\x00top\n" + "x" * 300)
    listed = await accounts.list_sessions(connect, ada.id)
    assert [item.device[:7] for item in listed] == ["laptopx", "phone"]
    assert len(listed[0].device) == 200
    assert await accounts.sign_out(connect, UUID(int=1), phone.session) == 0
    assert await accounts.sign_out(connect, ada.id, phone.session) == 1
    await refused(connect, phone.refresh_token)
    assert await accounts.sign_out(connect, ada.id) == 1
    assert await accounts.list_sessions(connect, ada.id) == []


@pytest.mark.usefixtures("ada")
async def test_a_client_signs_out_by_its_token(connect: Lender) -> None:
    """Ending it twice is no error."""
    found = await sign_in(connect)
    for _ in range(2):
        await accounts.end_session(connect, found.refresh_token, key=KEY)
    await refused(connect, found.refresh_token)


async def test_the_oldest_of_too_many_sessions_ends(
    connect: Lender, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that signs in for every call does not fill the table."""
    monkeypatch.setattr(module, "MOST_OF_AN_ACCOUNT", 2)
    first = await sign_in(connect)
    for _ in range(2):
        await sign_in(connect)
    await refused(connect, first.refresh_token)
    assert len(await accounts.list_sessions(connect, ada.id)) == 2


async def test_the_tables_hold_no_token(connect: Lender, ada: Account) -> None:
    """Whoever reads a backup is not signed in by it."""
    found = await sign_in(connect)
    token = RefreshToken.read(found.refresh_token, KEY)
    assert token
    [row] = await connect.rows("SELECT token_hash, row_to_json(s)::text FROM account_session AS s")
    assert row[0] == token.hash
    assert token.secret.hex() not in row[1]
    assert found.refresh_token not in repr(token)


async def test_another_password_ends_every_session(connect: Lender, ada: Account) -> None:
    """Whoever got in by the old one is out, and the old one is worth nothing."""
    found = await sign_in(connect)
    new = "another horse battery"
    with pytest.raises(ProblemError, match="wrong"):
        await accounts.change_password(connect, ada.id, current="a wrong password", new=new)
    with pytest.raises(accounts.AccountError, match="12 to 256"):
        await accounts.change_password(connect, ada.id, current=PASSWORD, new="short")
    await accounts.change_password(connect, ada.id, current=PASSWORD, new=new)
    await refused(connect, found.refresh_token)
    with pytest.raises(ProblemError, match="wrong"):
        await sign_in(connect)
    assert await sign_in(connect, password=new)
    with pytest.raises(ProblemError, match="wrong"):
        await accounts.change_password(connect, uuid4(), current=PASSWORD, new=new)


@pytest.mark.usefixtures("ada")
async def test_a_sign_in_that_a_new_password_overtook_opens_nothing(
    connect: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old password was right when it was checked, and is not when the session would open."""

    async def overtaken(*arguments: Any) -> Any:
        stored = await verify_password(*arguments)
        await connect.rows("UPDATE platform.account SET password_hash = 'another'")
        return stored

    monkeypatch.setattr("chassis.accounts.sessions.verify_password", overtaken)
    with pytest.raises(ProblemError, match="wrong"):
        await sign_in(connect)
    assert await connect.rows("SELECT 1 FROM platform.account_session") == []

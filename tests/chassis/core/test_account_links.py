"""Sign-up and reset by mail."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from psycopg import AsyncConnection

from chassis import accounts, mail
from chassis.accounts import AccountError, Mailer
from chassis.mail import Mail
from chassis.problems import ProblemError
from lender import Lender

pytestmark = pytest.mark.usefixtures("cheap_passwords")
EMAIL, PASSWORD, NEW = "ada@example.org", "correct horse battery", "another horse battery"


async def post(connection: AsyncConnection[Any], letter: Mail) -> None:
    """Keep a mail; no job sends it here."""
    await mail.keep(connection, letter)


MAILER = Mailer("orders", post, "https://app.example/password")

type Ask = Callable[..., Awaitable[None]]


async def mails(connect: Lender) -> list[tuple[str, str]]:
    """Give the recipient and the text of every mail that was posted."""
    return [
        (to, body)
        for to, body in await connect.rows(
            "SELECT recipient, body FROM platform.mail ORDER BY created_at"
        )
    ]


async def token(connect: Lender) -> str:
    """Give the token of the last mail."""
    found = re.search(r"#token=(\S+)", (await mails(connect))[-1][1])
    assert found
    return found[1]


async def redeem(connect: Lender, value: str, password: str = NEW) -> None:
    """Choose a password."""
    await accounts.redeem(connect, value, password=password, permissions=["orders:read"])


async def refused(connect: Lender, value: str) -> None:
    """See that a token is worth nothing."""
    with pytest.raises(ProblemError) as caught:
        await redeem(connect, value)
    assert (caught.value.status, caught.value.slug) == (403, "invalid-link")


async def test_a_sign_up_makes_an_account_by_mail(connect: Lender) -> None:
    """The account exists when its mail was read, with the password of its reader."""
    await accounts.request_sign_up(connect, f" {EMAIL} ", mailer=MAILER)
    assert await connect.rows("SELECT 1 FROM platform.account") == []
    [(to, body)] = await mails(connect)
    assert to == EMAIL
    assert "https://app.example/password#token=" in body
    await redeem(connect, await token(connect))
    made = await accounts.authenticate(connect, email=EMAIL, password=NEW)
    assert made.permissions == ["orders:read"]
    await refused(connect, await token(connect))


async def test_a_sign_up_of_a_known_address_changes_nothing(connect: Lender) -> None:
    """Its owner learns that there is an account, and may reset it."""
    await accounts.create(connect, email=EMAIL, password=PASSWORD)
    await accounts.request_sign_up(connect, EMAIL.upper(), mailer=MAILER)
    assert "already" in (await mails(connect))[0][1]
    assert await accounts.authenticate(connect, email=EMAIL, password=PASSWORD)
    await redeem(connect, await token(connect))
    made = await accounts.authenticate(connect, email=EMAIL, password=NEW)
    assert made.permissions == []


async def test_a_reset_sets_the_password_and_ends_every_session(connect: Lender) -> None:
    """And makes every other mailed token of the address worthless."""
    await accounts.create(connect, email=EMAIL, password=PASSWORD)
    given = {"email": EMAIL, "password": PASSWORD, "device": "", "key": b"k"}
    session = await accounts.sign_in(connect, **given)  # type: ignore[arg-type]
    await accounts.request_password_reset(connect, EMAIL, mailer=MAILER)
    other = await token(connect)
    await accounts.request_password_reset(connect, EMAIL, mailer=MAILER)
    await redeem(connect, await token(connect))
    assert await accounts.authenticate(connect, email=EMAIL, password=NEW)
    await refused(connect, other)
    with pytest.raises(ProblemError, match="Sign in again"):
        await accounts.refresh(connect, session.refresh_token, key=b"k")


async def test_a_reset_of_an_unknown_address_says_so_to_its_reader(connect: Lender) -> None:
    """It makes no account, and its mail holds nothing to do so."""
    await accounts.request_password_reset(connect, EMAIL, mailer=MAILER)
    [(to, body)] = await mails(connect)
    assert (to, "no account" in body, "token" in body) == (EMAIL, True, False)


@pytest.mark.parametrize("ask", [accounts.request_sign_up, accounts.request_password_reset])
async def test_known_and_unknown_addresses_are_the_same_work(
    connect: Lender, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One token and one mail, by the same statements in the same order: nothing to measure."""
    await accounts.create(connect, email=EMAIL, password=PASSWORD)
    await ask(connect, EMAIL, mailer=MAILER)
    after_one = await connect.rows(
        "SELECT (SELECT count(*) FROM platform.mail), (SELECT count(*) FROM platform.account_link)"
    )
    await ask(connect, "eve@example.org", mailer=MAILER)
    after_two = await connect.rows(
        "SELECT (SELECT count(*) FROM platform.mail), (SELECT count(*) FROM platform.account_link)"
    )
    assert (after_one, after_two) == ([(1, 1)], [(2, 2)])


async def test_a_token_works_once_however_many_try(connect: Lender) -> None:
    """Two clicks make one account."""
    await accounts.request_sign_up(connect, EMAIL, mailer=MAILER)
    value = await token(connect)
    done = await asyncio.gather(*(redeem(connect, value) for _ in range(4)), return_exceptions=True)
    assert [item for item in done if item is None] == [None]
    assert len(await connect.rows("SELECT 1 FROM platform.account")) == 1


async def test_of_two_sign_ups_the_first_to_finish_has_the_account(connect: Lender) -> None:
    """The other mail of the same address does not take it over."""
    await accounts.request_sign_up(connect, EMAIL, mailer=MAILER)
    first = await token(connect)
    await accounts.request_sign_up(connect, EMAIL, mailer=MAILER)
    await redeem(connect, first)
    await refused(connect, await token(connect))


async def test_a_token_expires(connect: Lender) -> None:
    """A mailbox that is read a year later opens nothing."""
    await accounts.request_sign_up(connect, EMAIL, mailer=MAILER)
    await connect.rows("UPDATE platform.account_link SET expires_at = now()")
    await refused(connect, await token(connect))


async def test_a_password_that_will_not_do_leaves_the_token_good(connect: Lender) -> None:
    """Its reader chooses another."""
    await accounts.request_sign_up(connect, EMAIL, mailer=MAILER)
    value = await token(connect)
    with pytest.raises(AccountError, match="12 to 256"):
        await redeem(connect, value, "short")
    await redeem(connect, value)


async def test_the_table_of_tokens_holds_none(connect: Lender) -> None:
    """It keeps hashes; the text of an unsent mail is the one place, until it is sent."""
    await accounts.request_sign_up(connect, EMAIL, mailer=MAILER)
    [[row]] = await connect.rows("SELECT row_to_json(l)::text FROM platform.account_link AS l")
    assert await token(connect) not in row


@pytest.mark.parametrize("value", ["", "x", "\ud800", "\0"])
async def test_what_was_never_given_out_is_refused(connect: Lender, value: str) -> None:
    """Before anything is hashed."""
    await refused(connect, value)


async def test_without_a_page_the_mail_carries_the_code(connect: Lender) -> None:
    """An API without a front end has nowhere to send people."""
    await accounts.request_sign_up(connect, EMAIL, mailer=Mailer("orders", post))
    [(_, body)] = await mails(connect)
    assert "\nCode: " in body


async def test_what_is_no_address_gets_no_mail(connect: Lender) -> None:
    """A line break would begin another header."""
    for ask in (accounts.request_password_reset, accounts.request_sign_up):
        with pytest.raises(AccountError, match="not an email address"):
            await ask(connect, "ada@example.org\nBcc: eve@example.org", mailer=MAILER)

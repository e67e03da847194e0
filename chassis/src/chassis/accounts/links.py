"""Sign-up and reset by mail: whoever reads an address's mail may choose the password.

Both answer the same and work the same whether the address has an account or not: one token, one
mail, and only its reader learns which. The password is chosen with the token in hand, so nobody can
prepare an account for a victim to confirm.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation

from chassis.accounts import letters
from chassis.accounts.account import (
    Account,
    check_address,
    find,
    hash_new,
    insert,
    set_password,
)
from chassis.accounts.letters import Door
from chassis.auth import SINGLE_TENANT
from chassis.lending import Connect
from chassis.problems import ProblemError

_SIGN_UP, _RESET = "sign-up", "reset"
_LIFETIMES = {_SIGN_UP: timedelta(days=1), _RESET: timedelta(hours=1)}


async def ask_to_sign_up(connect: Connect, email: str, *, door: Door) -> None:
    """Mail a token that makes the account of ``email``; if it has one, one that resets it.

    Raises AccountError for what is no address.
    """
    address = check_address(email)
    async with connect() as connection:
        if await find(connection, address):
            token = await _store(connection, address, _RESET)
            mail = letters.known_already(address, door, token)
        else:
            token = await _store(connection, address, _SIGN_UP)
            mail = letters.welcome(address, door, token)
        await door.post(connection, mail)


async def ask_to_reset(connect: Connect, email: str, *, door: Door) -> None:
    """Mail a token that sets the password of ``email``; if it has no account, mail that.

    Raises AccountError for what is no address.
    """
    address = check_address(email)
    async with connect() as connection:
        write = letters.reset if await find(connection, address) else letters.unknown
        token = await _store(connection, address, _RESET)
        await door.post(connection, write(address, door, token))


async def redeem(
    connect: Connect,
    token: str,
    *,
    password: str,
    tenant: UUID = SINGLE_TENANT,
    permissions: Iterable[str] = (),
) -> None:
    """Do what a mailed token is for, once: make the account (with ``tenant`` and ``permissions``)
    or set its password and end its sessions.

    Raises ProblemError 403 ``invalid-link`` for a token that is unknown, used or too old, and
    AccountError for a password that will not do, which leaves the token good.
    """
    digest = _digest(token)
    async with connect() as connection:
        # before the hash: strangers shall not make us work
        if not await _first(connection, _FIND, digest):
            raise _refused()
    hashed = await hash_new(password)
    try:
        async with connect() as connection:
            link = await _first(connection, _TAKE, digest)
            if link is None or not await _act(connection, link, hashed, tenant, permissions):
                raise _refused()
    except UniqueViolation:  # of two sign-ups at once the other made the account
        raise _refused() from None


_FIND = "SELECT 1 FROM platform.account_link WHERE token_hash = %s AND expires_at > now()"
_TAKE = """
DELETE FROM platform.account_link WHERE token_hash = %s AND expires_at > now()
RETURNING email, purpose
"""


async def _act(
    connection: AsyncConnection[Any],
    link: tuple[str, str],
    hashed: str,
    tenant: UUID,
    permissions: Iterable[str],
) -> Account | None:
    email, purpose = link
    stored = await find(connection, email)
    if purpose == _SIGN_UP:
        # of two sign-ups of one address the first to choose a password made the account
        return None if stored else await insert(connection, email, hashed, tenant, permissions)
    if stored:
        await set_password(connection, stored.id, hashed)
    return stored


async def _store(connection: AsyncConnection[Any], email: str, purpose: str) -> str:
    token = secrets.token_urlsafe(32)
    await connection.execute(
        "INSERT INTO platform.account_link (token_hash, email, purpose, expires_at) "
        "VALUES (%s, %s, %s, now() + %s)",
        [_digest(token), email, purpose, _LIFETIMES[purpose]],
    )
    return token


async def _first(connection: AsyncConnection[Any], query: Any, digest: bytes) -> Any:
    cursor = await connection.execute(query, [digest])
    return await cursor.fetchone()


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _refused() -> ProblemError:
    detail = "This code was used, is too old or was never given out: ask for another mail."
    return ProblemError(403, "invalid-link", detail)

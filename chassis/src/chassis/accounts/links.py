"""Sign-up and password reset by email: the owner of the address chooses the password.

Both do the same work and give the same answer whether the address has an account or not: one token
and one email. Only the reader of the email learns which case it was. The password is chosen after
the email arrives, so an attacker cannot prepare an account for a victim to confirm.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation

from chassis.accounts import emails
from chassis.accounts.account import (
    Account,
    check_address,
    find,
    hash_new,
    insert,
    set_password,
)
from chassis.accounts.emails import Mailer
from chassis.auth import SINGLE_TENANT
from chassis.connections import Connector
from chassis.problems import ProblemError

_SIGN_UP, _RESET = "sign-up", "reset"
_LIFETIMES = {_SIGN_UP: timedelta(days=1), _RESET: timedelta(hours=1)}


async def request_sign_up(connect: Connector, email: str, *, mailer: Mailer) -> None:
    """Send a token that creates an account for `email`, or resets the password of an existing one.

    Raises AccountError when `email` is not a valid address.
    """
    address = check_address(email)
    async with connect() as connection:
        if await find(connection, address):
            token = await _store(connection, address, _RESET)
            mail = emails.already_registered(address, mailer, token)
        else:
            token = await _store(connection, address, _SIGN_UP)
            mail = emails.welcome(address, mailer, token)
        await mailer.enqueue(connection, mail)


async def request_password_reset(connect: Connector, email: str, *, mailer: Mailer) -> None:
    """Send a token that sets the password of `email`, or the answer that it has no account.

    Raises AccountError when `email` is not a valid address.
    """
    address = check_address(email)
    async with connect() as connection:
        write = emails.reset_password if await find(connection, address) else emails.no_account
        token = await _store(connection, address, _RESET)
        await mailer.enqueue(connection, write(address, mailer, token))


async def redeem(
    connect: Connector,
    token: str,
    *,
    password: str,
    tenant: UUID = SINGLE_TENANT,
    permissions: Iterable[str] = (),
) -> None:
    """Use a token from an email, once.

    A sign-up token creates the account with `tenant` and `permissions`. A reset token sets the
    password and ends all sessions. Raises ProblemError 403 `invalid-link` for a token that is
    unknown, used or expired. Raises AccountError when the password is not acceptable; the token
    then stays valid.
    """
    digest = _digest(token)
    async with connect() as connection:
        # checked before the hash, because a hash is expensive and anyone can send a token
        if not await _first(connection, _FIND, digest):
            raise _refused()
    hashed = await hash_new(password)
    try:
        async with connect() as connection:
            link = await _first(connection, _TAKE, digest)
            if link is None or not await _act(connection, link, hashed, tenant, permissions):
                raise _refused()
    except UniqueViolation:  # a concurrent sign-up created the account
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
        # of two sign-ups with one address, the first that chose a password created the account
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
    detail = "This code is unknown, expired or already used: request a new email."
    return ProblemError(403, "invalid-link", detail)

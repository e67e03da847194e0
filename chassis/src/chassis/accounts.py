"""Accounts of a service that owns them (``auth=local``): passwords and the tokens they give.

A hash takes a tenth of a second, so nobody holds a database connection meanwhile: functions that
hash take ``connect``, which lends one, and borrow it for their statements only.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from chassis.auth import SINGLE_TENANT, SigningKey
from chassis.lending import Connect
from chassis.problems import ProblemError

TOKEN_SECONDS = 600
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
_LONGEST_EMAIL = 254
# a hash takes 64 MiB and a core: more at once, or a long queue, would let strangers stop us
_AT_ONCE = 2
_WAITING = 32

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
# of no password: what an unknown account is compared with, so that it takes as long
_nobody = _hasher.hash(uuid4().hex)
_waiting = 0


class AccountError(Exception):
    """An account cannot be made like this; the text is one sentence and holds no password."""


@dataclass(frozen=True)
class Account:
    """An account without its password."""

    id: UUID
    email: str
    tenant: UUID
    permissions: list[str]


@dataclass(frozen=True)
class _Stored(Account):
    password_hash: str


async def create(
    connect: Connect,
    *,
    email: str,
    password: str,
    tenant: UUID = SINGLE_TENANT,
    permissions: Iterable[str] = (),
) -> Account:
    """Make an account.

    Raises AccountError for an address or password that will not do, ProblemError 409
    ``account-exists`` when the address has one already.
    """
    address = _address(email)
    _check_password(password)
    hashed = await _in_thread(lambda: _hasher.hash(password))
    try:
        async with connect() as connection, connection.cursor(row_factory=class_row(Account)) as c:
            await c.execute(
                "INSERT INTO platform.account (email, password_hash, tenant, permissions) "
                "VALUES (%s, %s, %s, %s) RETURNING id, email, tenant, permissions",
                [address, hashed, tenant, sorted(set(permissions))],
            )
            return cast("Account", await c.fetchone())
    except UniqueViolation:
        raise ProblemError(409, "account-exists", "This address has an account.") from None


async def authenticate(connect: Connect, *, email: str, password: str) -> Account:
    """Return the account with this address and password.

    Raises ProblemError: 401 ``invalid-credentials``, the same and after the same work whether the
    account or the password was wrong; 503 ``busy`` when too many are being checked.
    """
    async with connect() as connection:
        stored = await _find(connection, email)
    hashed = stored.password_hash if stored else _nobody
    fits = await _in_thread(lambda: _fits(hashed, password[: LONGEST_PASSWORD + 1]))
    if not stored or not fits:
        raise ProblemError(401, "invalid-credentials", "The address or the password is wrong.")
    if _hasher.check_needs_rehash(hashed):
        await _rehash(connect, stored.id, password)
    return Account(stored.id, stored.email, stored.tenant, stored.permissions)


def access_token(account: Account, *, key: SigningKey, issuer: str, audience: str) -> str:
    """Sign a token of ten minutes for ``account``; a verifier that trusts ``issuer`` with the
    public half of ``key`` accepts it."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": str(account.id),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": uuid4().hex,
        "token_use": "access",
        "tenant": str(account.tenant),
        "scope": " ".join(account.permissions),
    }
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})


async def _find(connection: AsyncConnection[Any], email: str) -> _Stored | None:
    # a NUL would be an error of the database, and no address has one
    if "\0" in email or len(email) > _LONGEST_EMAIL:
        return None
    async with connection.cursor(row_factory=class_row(_Stored)) as cursor:
        await cursor.execute(
            "SELECT id, email, tenant, permissions, password_hash FROM platform.account "
            "WHERE lower(email) = lower(%s)",
            [email.strip()],
        )
        return await cursor.fetchone()


async def _rehash(connect: Connect, account: UUID, password: str) -> None:
    """Follow the hasher's present cost, now that the password is at hand."""
    hashed = await _in_thread(lambda: _hasher.hash(password))
    async with connect() as connection:
        await connection.execute(
            "UPDATE platform.account SET password_hash = %s WHERE id = %s", [hashed, account]
        )


async def _in_thread[Result](work: Callable[[], Result]) -> Result:
    global _waiting  # noqa: PLW0603 - one event loop, one process, one count
    if _waiting >= _WAITING:
        detail = "Too many sign-ins at once; try again in a moment."
        raise ProblemError(503, "busy", detail, headers={"Retry-After": "2"})
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _address(email: str) -> str:
    address = email.strip()
    name, _, host = address.rpartition("@")
    printable = address.isprintable() and " " not in address
    if not (name and host and printable) or len(address) > _LONGEST_EMAIL:
        raise AccountError(f"{address[:80]!r} is not an email address: write name@example.com.")
    return address


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(
            f"The password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; "
            "choose another."
        )

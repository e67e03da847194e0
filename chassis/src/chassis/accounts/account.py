"""Accounts: create one, find it by address and password, change its password."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from chassis.accounts import passwords
from chassis.auth import SINGLE_TENANT
from chassis.connections import Connector
from chassis.problems import ProblemError

_LONGEST_EMAIL = 254


class AccountError(Exception):
    """The email address or password is not acceptable; the text never contains the password."""


@dataclass(frozen=True)
class Account:
    """An account without its password."""

    id: UUID
    email: str
    tenant: UUID
    permissions: list[str]


@dataclass(frozen=True)
class Stored(Account):
    """An account as it is stored, with the hash of its password."""

    password_hash: str

    @property
    def public(self) -> Account:
        """The account without its password hash, as other packages may see it."""
        return Account(self.id, self.email, self.tenant, self.permissions)


async def create(
    connect: Connector,
    *,
    email: str,
    password: str,
    tenant: UUID = SINGLE_TENANT,
    permissions: Iterable[str] = (),
) -> Account:
    """Create an account and return it.

    Raises AccountError when the address or the password is not acceptable, ProblemError 409
    `account-exists` when the address already has an account.
    """
    address = check_address(email)
    hashed = await hash_new(password)
    try:
        async with connect() as connection:
            return await insert(connection, address, hashed, tenant, permissions)
    except UniqueViolation:
        raise ProblemError(409, "account-exists", "This address already has an account.") from None


async def authenticate(connect: Connector, *, email: str, password: str) -> Account:
    """Return the account with this address and password.

    Raises ProblemError 401 `invalid-credentials`: the same error, after the same time, whether the
    account or the password was wrong. Raises 503 `busy` when too many passwords are being checked.
    """
    return (await verify_password(connect, email, password)).public


async def verify_password(connect: Connector, email: str, password: str) -> Stored:
    """Return the account with this address and password, as it is stored.

    A hash with an outdated cost is replaced. Raises what `authenticate` raises.
    """
    async with connect() as connection:
        stored = await find(connection, email)
    matches = await passwords.matches(
        stored.password_hash if stored else passwords.DUMMY_HASH, password
    )
    if not stored or not matches:
        raise ProblemError(401, "invalid-credentials", "The address or the password is wrong.")
    if not passwords.is_outdated(stored.password_hash):
        return stored
    hashed = await passwords.hash_password(password)
    async with connect() as connection:
        await connection.execute(
            "UPDATE platform.account SET password_hash = %s WHERE id = %s AND password_hash = %s",
            [hashed, stored.id, stored.password_hash],
        )
    return Stored(**{**vars(stored), "password_hash": hashed})


async def change_password(connect: Connector, account: UUID, *, current: str, new: str) -> None:
    """Set a new password and end every session of the account.

    Raises AccountError when the new password is not acceptable, ProblemError 401
    `invalid-credentials` when `current` is wrong.
    """
    async with connect() as connection:
        cursor = await connection.execute(
            "SELECT email FROM platform.account WHERE id = %s", [account]
        )
        row = await cursor.fetchone()
    await verify_password(connect, row[0] if row else "", current)
    hashed = await hash_new(new)
    async with connect() as connection:
        await set_password(connection, account, hashed)


async def set_password(connection: AsyncConnection[Any], account: UUID, hashed: str) -> None:
    """Store a new password hash and end all access that the old password gave.

    Every refresh token is revoked, and unused tokens that were sent by email become invalid.
    """
    await connection.execute(
        "UPDATE platform.account SET password_hash = %s WHERE id = %s", [hashed, account]
    )
    await connection.execute("DELETE FROM platform.account_session WHERE account = %s", [account])
    await connection.execute(
        "DELETE FROM platform.account_link WHERE lower(email) = "
        "(SELECT lower(email) FROM platform.account WHERE id = %s)",
        [account],
    )


async def find(connection: AsyncConnection[Any], email: str) -> Stored | None:
    """Return the account of an address, without regard to case, or None."""
    # a NUL or half of a surrogate pair would be a database error; valid addresses contain neither
    email = email.strip()
    if not email.isprintable() or len(email) > _LONGEST_EMAIL:
        return None
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            "SELECT id, email, tenant, permissions, password_hash FROM platform.account "
            "WHERE lower(email) = lower(%s)",
            [email],
        )
        return await cursor.fetchone()


async def insert(
    connection: AsyncConnection[Any],
    address: str,
    hashed: str,
    tenant: UUID,
    permissions: Iterable[str],
) -> Account:
    """Store an account and return it. Raises UniqueViolation when the address already has one."""
    async with connection.cursor(row_factory=class_row(Account)) as cursor:
        await cursor.execute(
            "INSERT INTO platform.account (email, password_hash, tenant, permissions) "
            "VALUES (%s, %s, %s, %s) RETURNING id, email, tenant, permissions",
            [address, hashed, tenant, sorted(set(permissions))],
        )
        return cast("Account", await cursor.fetchone())


async def hash_new(password: str) -> str:
    """Return the hash of a new password. Raises AccountError when it is not acceptable."""
    try:
        passwords.check(password)
    except passwords.PasswordError as error:
        raise AccountError(str(error)) from None
    return await passwords.hash_password(password)


def check_address(email: str) -> str:
    """Return the address without surrounding spaces. Raises AccountError when it is not valid."""
    address = email.strip()
    name, _, host = address.rpartition("@")
    printable = address.isprintable() and " " not in address
    if not (name and host and printable) or len(address) > _LONGEST_EMAIL:
        raise AccountError(f"{address[:80]!r} is not an email address: write name@example.com.")
    return address

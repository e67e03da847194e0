"""An account: making it, finding it by its address and password, changing the password."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from chassis.accounts import passwords
from chassis.auth import SINGLE_TENANT
from chassis.lending import Connect
from chassis.problems import ProblemError

_LONGEST_EMAIL = 254


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
class Stored(Account):
    """An account as the database has it."""

    password_hash: str

    @property
    def shown(self) -> Account:
        """The part that may leave this package."""
        return Account(self.id, self.email, self.tenant, self.permissions)


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
    address = check_address(email)
    hashed = await hash_new(password)
    try:
        async with connect() as connection:
            return await insert(connection, address, hashed, tenant, permissions)
    except UniqueViolation:
        raise ProblemError(409, "account-exists", "This address has an account.") from None


async def authenticate(connect: Connect, *, email: str, password: str) -> Account:
    """Return the account with this address and password.

    Raises ProblemError: 401 ``invalid-credentials``, the same and after the same work whether the
    account or the password was wrong; 503 ``busy`` when too many are being checked.
    """
    return (await prove(connect, email, password)).shown


async def prove(connect: Connect, email: str, password: str) -> Stored:
    """Return the stored account of ``authenticate``, its hash at the present cost."""
    async with connect() as connection:
        stored = await find(connection, email)
    fits = await passwords.fits(stored.password_hash if stored else passwords.NOBODY, password)
    if not stored or not fits:
        raise ProblemError(401, "invalid-credentials", "The address or the password is wrong.")
    if not passwords.is_outdated(stored.password_hash):
        return stored
    hashed = await passwords.hash_(password)
    async with connect() as connection:
        await connection.execute(
            "UPDATE platform.account SET password_hash = %s WHERE id = %s AND password_hash = %s",
            [hashed, stored.id, stored.password_hash],
        )
    return Stored(**{**vars(stored), "password_hash": hashed})


async def change_password(connect: Connect, account: UUID, *, current: str, new: str) -> None:
    """Set another password and end every session of the account.

    Raises AccountError for a new one that will not do, ProblemError 401 ``invalid-credentials``
    when ``current`` is wrong.
    """
    async with connect() as connection:
        cursor = await connection.execute(
            "SELECT email FROM platform.account WHERE id = %s", [account]
        )
        row = await cursor.fetchone()
    await prove(connect, row[0] if row else "", current)
    hashed = await hash_new(new)
    async with connect() as connection:
        await set_password(connection, account, hashed)


async def set_password(connection: AsyncConnection[Any], account: UUID, hashed: str) -> None:
    """Store a new hash. Whoever got in by the old password is out: every refresh token is
    revoked, and a mailed token that was not used is worth nothing."""
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
    """Return the account of an address, however that is written."""
    # a NUL or half a surrogate pair would be an error of the database, and no address has one
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
    """Store an account. Raises UniqueViolation when the address has one."""
    async with connection.cursor(row_factory=class_row(Account)) as cursor:
        await cursor.execute(
            "INSERT INTO platform.account (email, password_hash, tenant, permissions) "
            "VALUES (%s, %s, %s, %s) RETURNING id, email, tenant, permissions",
            [address, hashed, tenant, sorted(set(permissions))],
        )
        return cast("Account", await cursor.fetchone())


async def hash_new(password: str) -> str:
    """Hash a password somebody chose. Raises AccountError when it will not do."""
    try:
        passwords.check(password)
    except passwords.PasswordError as error:
        raise AccountError(str(error)) from None
    return await passwords.hash_(password)


def check_address(email: str) -> str:
    """Return the address without space around it. Raises AccountError when it is none."""
    address = email.strip()
    name, _, host = address.rpartition("@")
    printable = address.isprintable() and " " not in address
    if not (name and host and printable) or len(address) > _LONGEST_EMAIL:
        raise AccountError(f"{address[:80]!r} is not an email address: write name@example.com.")
    return address

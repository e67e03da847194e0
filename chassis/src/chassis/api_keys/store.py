"""API keys in the database: create, find, rotate and revoke them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection
from psycopg.rows import class_row

from chassis.api_keys.key import ApiKeyError, Key, Peppers
from chassis.auth import Principal, Verified
from chassis.connections import Connector
from chassis.problems import ProblemError

ISSUER = "urn:roadbed:api-key"
"""The issuer of the principal of a key; its subject is the key's id."""
LONGEST_DAYS = 365
MOST_OF_A_TENANT = 100
_LOCK_TENANT = "SELECT pg_advisory_xact_lock(hashtextextended('api keys ' || %s, 0))"
_COLUMNS = "id, prefix, tenant, name, permissions, created_at, expires_at, last_used_at"


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret."""

    id: UUID
    prefix: str
    tenant: UUID
    name: str
    permissions: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class _Stored(ApiKey):
    hash: bytes
    pepper: str


async def create(
    connection: AsyncConnection[Any],
    creator: Principal,
    *,
    name: str,
    permissions: Iterable[str],
    lifetime: timedelta,
    peppers: Peppers,
) -> tuple[ApiKey, str]:
    """Create a key for the tenant of `creator`; return it and its text, which is not stored.

    Raises ApiKeyError when the lifetime is over 365 days, when the tenant has a hundred active
    keys, or when no pepper is set. Raises ProblemError 403 when the creator is an API key itself
    or lacks one of `permissions`.
    """
    wanted = sorted(set(permissions))
    _check(creator, wanted, lifetime)
    key = Key.fresh()
    pepper, hashed = peppers.hash(key)
    async with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        # without the lock, two concurrent requests would each count the keys without the other's
        await cursor.execute(_LOCK_TENANT, [creator.tenant])
        await cursor.execute(
            f"INSERT INTO platform.api_key (id, prefix, hash, pepper, tenant, name, permissions, "  # noqa: S608 - columns
            "creator_issuer, creator_subject, expires_at) "
            "SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s WHERE (SELECT count(*) "
            "FROM platform.api_key WHERE tenant = %s AND expires_at > now()) < %s "
            f"RETURNING {_COLUMNS}",
            [
                *(uuid4(), key.prefix, hashed, pepper, creator.tenant, name, wanted),
                *(creator.issuer, creator.subject, lifetime, creator.tenant, MOST_OF_A_TENANT),
            ],
        )
        made = await cursor.fetchone()
    if made is None:
        raise ApiKeyError(f"The tenant already has {MOST_OF_A_TENANT} keys: revoke one first.")
    return made, key.write()


async def verify(connect: Connector, text: str, *, peppers: Peppers) -> Verified:
    """Return the principal of the key `text`, and when it expires.

    Raises ProblemError 401 `invalid-api-key`, the same for every cause.
    """
    key = Key.read(text)
    stored = await _find(connect, key.prefix) if key else None
    if not key or not stored or not peppers.matches(key, stored.pepper, stored.hash):
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise ProblemError(401, "invalid-api-key", headers=challenge)
    if not peppers.is_newest(stored.pepper):
        pepper, hashed = peppers.hash(key)
        async with connect() as connection:
            await connection.execute(
                "UPDATE platform.api_key SET hash = %s, pepper = %s WHERE id = %s",
                [hashed, pepper, stored.id],
            )
    principal = Principal(
        ISSUER, str(stored.id), stored.tenant, None, frozenset(stored.permissions)
    )
    return Verified(principal, stored.expires_at.timestamp())


async def list_keys(connection: AsyncConnection[Any], tenant: UUID) -> list[ApiKey]:
    """Return the active keys of a tenant, newest first: at most a hundred."""
    async with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM platform.api_key WHERE tenant = %s AND expires_at > now() "  # noqa: S608 - columns
            "ORDER BY created_at DESC, id DESC LIMIT %s",
            [tenant, MOST_OF_A_TENANT],
        )
        return await cursor.fetchall()


async def rotate(
    connection: AsyncConnection[Any],
    key_id: UUID,
    caller: Principal,
    *,
    overlap: timedelta,
    lifetime: timedelta,
    peppers: Peppers,
) -> tuple[ApiKey, str] | None:
    """Create the successor of an active key; the old key stays valid for at most `overlap`.

    Return None when the tenant of `caller` has no such key. `caller` must have the permissions of
    the key, because the successor gets them. Raises what `create` raises.
    """
    async with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        await cursor.execute(
            "UPDATE platform.api_key SET expires_at = least(expires_at, now() + %s) "  # noqa: S608 - columns
            f"WHERE id = %s AND tenant = %s AND expires_at > now() RETURNING {_COLUMNS}",
            [overlap, key_id, caller.tenant],
        )
        old = await cursor.fetchone()
    if old is None:
        return None
    return await create(
        connection,
        caller,
        name=old.name,
        permissions=old.permissions,
        lifetime=lifetime,
        peppers=peppers,
    )


async def revoke(connection: AsyncConnection[Any], key_id: UUID, *, tenant: UUID) -> bool:
    """Revoke a key; return False when the tenant has no such active key."""
    done = await connection.execute(
        "UPDATE platform.api_key SET expires_at = now() "
        "WHERE id = %s AND tenant = %s AND expires_at > now()",
        [key_id, tenant],
    )
    return done.rowcount == 1


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete keys that expired 30 days ago; return how many.

    Until then the subject of a log line can be looked up.
    """
    done = await connection.execute(
        "DELETE FROM platform.api_key WHERE expires_at < now() - interval '30 days'"
    )
    return done.rowcount


async def _find(connect: Connector, prefix: str) -> _Stored | None:
    async with connect() as connection, connection.cursor(row_factory=class_row(_Stored)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS}, hash, pepper FROM platform.api_key "  # noqa: S608 - columns
            "WHERE prefix = %s AND expires_at > now()",
            [prefix],
        )
        return await cursor.fetchone()


def _check(creator: Principal, wanted: list[str], lifetime: timedelta) -> None:
    if creator.issuer == ISSUER:
        raise ProblemError(403, "permission-denied", "An API key may not create API keys.")
    if lacking := [name for name in wanted if name not in creator.permissions]:
        detail = f"You cannot grant permissions you do not have: {', '.join(lacking)}."
        raise ProblemError(403, "permission-denied", detail)
    if not timedelta() < lifetime <= timedelta(days=LONGEST_DAYS):
        raise ApiKeyError(f"The lifetime of a key is 1 to {LONGEST_DAYS} days: choose another.")

"""Sessions of an account: opened by a password, kept alive by refresh tokens, listed and ended.

A session ends after 30 days (NIST SP 800-63B, AAL1), after 14 days without use, when its user or a
new password ends it, or when a refresh token comes back that was spent: then it was stolen by one
of the two who hold it, and nobody can tell by which.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from psycopg import AsyncConnection
from psycopg.rows import class_row

from chassis.accounts.account import Account, prove
from chassis.accounts.refresh_token import RefreshToken
from chassis.lending import Connect
from chassis.problems import ProblemError

LIFETIME = timedelta(days=30)
IDLE = timedelta(days=14)
RETRY_WINDOW = timedelta(seconds=10)
"""How long a spent token may come again: a lost answer must not sign anybody out."""
MOST_OF_AN_ACCOUNT = 50
_LONGEST_DEVICE = 200

# the lock waits for a new password that is being set, and then finds the old hash gone
_OPEN = """
INSERT INTO platform.account_session (id, account, token_hash, device, ends_at)
SELECT %(id)s, id, %(hash)s, %(device)s, now() + %(lifetime)s
FROM platform.account WHERE id = %(account)s AND password_hash = %(proof)s FOR SHARE
"""
_DROP_OLDEST = """
DELETE FROM platform.account_session WHERE id IN (
    SELECT id FROM platform.account_session WHERE account = %s ORDER BY used_at DESC OFFSET %s
)
"""
# a retry finds its own successor in place, and changes nothing but the moment of use
_ROTATE = """
UPDATE platform.account_session AS held
SET token_hash = %(next)s, spent_hash = %(shown)s, used_at = now(),
    rotated_at = CASE WHEN held.token_hash = %(shown)s THEN now() ELSE held.rotated_at END
FROM platform.account AS owner
WHERE held.id = %(id)s AND owner.id = held.account
    AND held.ends_at > now() AND held.used_at > now() - %(idle)s
    AND (held.token_hash = %(shown)s
        OR (held.spent_hash = %(shown)s AND held.token_hash = %(next)s
            AND held.rotated_at > now() - %(window)s))
RETURNING owner.id, owner.email, owner.tenant, owner.permissions
"""
_END = "DELETE FROM platform.account_session WHERE id = %s"


@dataclass(frozen=True)
class SignedIn:
    """An account and the session it was found by; ``refresh_token`` keeps that alive."""

    account: Account
    session: UUID
    refresh_token: str


@dataclass(frozen=True)
class Session:
    """What its user sees of a session; ``device`` is what the client called itself."""

    id: UUID
    device: str
    created_at: datetime
    used_at: datetime
    ends_at: datetime


async def sign_in(
    connect: Connect, *, email: str, password: str, device: str, key: bytes
) -> SignedIn:
    """Open a session; ``key`` makes and reads the service's refresh tokens.

    Raises ProblemError: 401 ``invalid-credentials``, 503 ``busy``.
    """
    stored = await prove(connect, email, password)
    token = RefreshToken.first(uuid4())
    given = {"id": token.session, "hash": token.hash, "device": _printable(device)}
    given |= {"account": stored.id, "proof": stored.password_hash, "lifetime": LIFETIME}
    async with connect() as connection:
        opened = await connection.execute(_OPEN, given)
        await connection.execute(_DROP_OLDEST, [stored.id, MOST_OF_AN_ACCOUNT])
    if not opened.rowcount:  # the password changed since it was proved
        raise ProblemError(401, "invalid-credentials", "The address or the password is wrong.")
    return SignedIn(stored.shown, token.session, token.write(key))


async def refresh(connect: Connect, shown: str, *, key: bytes) -> SignedIn:
    """Take a refresh token and give its successor; within ten seconds the same one again.

    Raises ProblemError 401 ``invalid-refresh-token``; one that was spent earlier ends its session.
    """
    token = RefreshToken.read(shown, key)
    if token is None:
        raise _refused()
    following = token.successor(key)
    given = {"id": token.session, "shown": token.hash, "next": following.hash}
    given |= {"idle": IDLE, "window": RETRY_WINDOW}
    async with connect() as connection:
        async with connection.cursor(row_factory=class_row(Account)) as cursor:
            await cursor.execute(_ROTATE, given)
            account = await cursor.fetchone()
        if account is None:
            await _end_misused(connection, token.session)
    if account is None:
        raise _refused()
    return SignedIn(account, token.session, following.write(key))


async def end_session(connect: Connect, shown: str, *, key: bytes) -> None:
    """End the session of a refresh token; one that is worth nothing ends nothing."""
    if token := RefreshToken.read(shown, key):
        async with connect() as connection:
            await connection.execute(_END, [token.session])


async def list_sessions(connect: Connect, account: UUID) -> list[Session]:
    """Return the live sessions of an account, the last used first: at most fifty."""
    async with connect() as connection, connection.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(
            "SELECT id, device, created_at, used_at, ends_at FROM platform.account_session "
            "WHERE account = %s AND ends_at > now() AND used_at > now() - %s "
            "ORDER BY used_at DESC, id LIMIT %s",
            [account, IDLE, MOST_OF_AN_ACCOUNT],
        )
        return await cursor.fetchall()


async def sign_out(connect: Connect, account: UUID, session: UUID | None = None) -> int:
    """End one session of an account, by default all of them; return how many ended."""
    async with connect() as connection:
        done = await connection.execute(
            "DELETE FROM platform.account_session "
            "WHERE account = %s AND id = coalesce(%s::uuid, id)",
            [account, session],
        )
        return done.rowcount


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete what has ended, mailed tokens included; return how many."""
    ended = await connection.execute(
        "DELETE FROM platform.account_session WHERE ends_at < now() OR used_at < now() - %s", [IDLE]
    )
    links = await connection.execute("DELETE FROM platform.account_link WHERE expires_at < now()")
    return ended.rowcount + links.rowcount


async def _end_misused(connection: AsyncConnection[Any], session: UUID) -> None:
    cursor = await connection.execute(
        f"{_END} RETURNING ends_at > now() AND used_at > now() - %s", [session, IDLE]
    )
    row = await cursor.fetchone()
    if row and row[0]:  # it was alive: a spent token came back
        structlog.get_logger().warning("refresh_reused", session=str(session))


def _refused() -> ProblemError:
    return ProblemError(401, "invalid-refresh-token", "Sign in again with the password.")


def _printable(device: str) -> str:
    return "".join(filter(str.isprintable, device))[:_LONGEST_DEVICE] or "unknown"

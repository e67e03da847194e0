"""Sessions of an account: opened by a password, extended by refresh tokens, listed and ended.

A session ends after 30 days (NIST SP 800-63B, AAL1), after 14 days without use, when its user or a
new password ends it, or when a spent refresh token is used again. In that case two clients have the
token, one of them stole it, and the service cannot know which.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from psycopg import AsyncConnection
from psycopg.rows import class_row

from chassis.accounts.account import Account, verify_password
from chassis.accounts.refresh_token import RefreshToken
from chassis.connections import Connector
from chassis.problems import ProblemError

LIFETIME = timedelta(days=30)
IDLE = timedelta(days=14)
RETRY_WINDOW = timedelta(seconds=10)
"""How long a spent token is accepted again: a lost response must not sign the user out."""
MOST_OF_AN_ACCOUNT = 50
_LONGEST_DEVICE = 200

# the lock waits for a concurrent password change, and then does not match the old hash
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
# a retry finds its own successor already stored, and changes only `used_at`
_ROTATE = """
UPDATE platform.account_session AS held
SET token_hash = %(next)s, spent_hash = %(presented)s, used_at = now(),
    rotated_at = CASE WHEN held.token_hash = %(presented)s THEN now() ELSE held.rotated_at END
FROM platform.account AS owner
WHERE held.id = %(id)s AND owner.id = held.account
    AND held.ends_at > now() AND held.used_at > now() - %(idle)s
    AND (held.token_hash = %(presented)s
        OR (held.spent_hash = %(presented)s AND held.token_hash = %(next)s
            AND held.rotated_at > now() - %(window)s))
RETURNING owner.id, owner.email, owner.tenant, owner.permissions
"""
_END = "DELETE FROM platform.account_session WHERE id = %s"


@dataclass(frozen=True)
class SignedIn:
    """An account and its session; `refresh_token` extends the session."""

    account: Account
    session: UUID
    refresh_token: str


@dataclass(frozen=True)
class Session:
    """A session as its user sees it; `device` is the name that the client sent."""

    id: UUID
    device: str
    created_at: datetime
    used_at: datetime
    ends_at: datetime


async def sign_in(
    connect: Connector, *, email: str, password: str, device: str, key: bytes
) -> SignedIn:
    """Open a session; `key` signs the service's refresh tokens.

    Raises ProblemError: 401 `invalid-credentials`, 503 `busy`.
    """
    stored = await verify_password(connect, email, password)
    token = RefreshToken.first(uuid4())
    values = {"id": token.session, "hash": token.hash, "device": _printable(device)}
    values |= {"account": stored.id, "proof": stored.password_hash, "lifetime": LIFETIME}
    async with connect() as connection:
        opened = await connection.execute(_OPEN, values)
        await connection.execute(_DROP_OLDEST, [stored.id, MOST_OF_AN_ACCOUNT])
    if not opened.rowcount:  # the password changed after it was verified
        raise ProblemError(401, "invalid-credentials", "The address or the password is wrong.")
    return SignedIn(stored.public, token.session, token.write(key))


async def refresh(connect: Connector, presented: str, *, key: bytes) -> SignedIn:
    """Exchange a refresh token for its successor; a retry within ten seconds gets the same one.

    Raises ProblemError 401 `invalid-refresh-token`. A token spent earlier ends its session.
    """
    token = RefreshToken.read(presented, key)
    if token is None:
        raise _refused()
    following = token.successor(key)
    values = {"id": token.session, "presented": token.hash, "next": following.hash}
    values |= {"idle": IDLE, "window": RETRY_WINDOW}
    async with connect() as connection:
        async with connection.cursor(row_factory=class_row(Account)) as cursor:
            await cursor.execute(_ROTATE, values)
            account = await cursor.fetchone()
        if account is None:
            await _end_misused(connection, token.session)
    if account is None:
        raise _refused()
    return SignedIn(account, token.session, following.write(key))


async def end_session(connect: Connector, presented: str, *, key: bytes) -> None:
    """End the session of a refresh token; an invalid token changes nothing."""
    if token := RefreshToken.read(presented, key):
        async with connect() as connection:
            await connection.execute(_END, [token.session])


async def list_sessions(connect: Connector, account: UUID) -> list[Session]:
    """Return the active sessions of an account, the last used first: at most fifty."""
    async with connect() as connection, connection.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(
            "SELECT id, device, created_at, used_at, ends_at FROM platform.account_session "
            "WHERE account = %s AND ends_at > now() AND used_at > now() - %s "
            "ORDER BY used_at DESC, id LIMIT %s",
            [account, IDLE, MOST_OF_AN_ACCOUNT],
        )
        return await cursor.fetchall()


async def sign_out(connect: Connector, account: UUID, session: UUID | None = None) -> int:
    """End one session of an account, by default all of them; return how many ended."""
    async with connect() as connection:
        done = await connection.execute(
            "DELETE FROM platform.account_session "
            "WHERE account = %s AND id = coalesce(%s::uuid, id)",
            [account, session],
        )
        return done.rowcount


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete ended sessions and expired tokens of emails; return the number of rows."""
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
    if row and row[0]:  # the session was active, so a spent token was used again
        structlog.get_logger().warning("refresh_reused", session=str(session))


def _refused() -> ProblemError:
    return ProblemError(401, "invalid-refresh-token", "Sign in again with the password.")


def _printable(device: str) -> str:
    return "".join(filter(str.isprintable, device))[:_LONGEST_DEVICE] or "unknown"

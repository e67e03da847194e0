"""Export and erasure of a data subject in the platform's tables: its account and related rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.fastapi.data.data_subjects import DataSubject

_ACCOUNT = "SELECT email, tenant, permissions, created_at FROM account WHERE id = :account"
_SESSIONS = """
    SELECT device, created_at, used_at, ends_at FROM account_session WHERE account = :account
"""
_MAIL = """
    SELECT mail.subject, mail.created_at FROM mail
        JOIN account ON lower(account.email) = lower(mail.recipient)
    WHERE account.id = :account
"""
_REPLIES = """
    SELECT route, status, created_at FROM idempotency
    WHERE issuer = :issuer AND subject = :subject
"""
_KEYS = """
    SELECT prefix, name, permissions, created_at, expires_at FROM api_key
    WHERE creator_issuer = :issuer AND creator_subject = :subject
"""
# in this order: the other rows are found by the account
_ERASURES = {
    "idempotency": "DELETE FROM idempotency WHERE issuer = :issuer AND subject = :subject",
    # the key itself is the tenant's, and programs depend on it
    "api_key": (
        "UPDATE api_key SET creator_issuer = '', creator_subject = '' "
        "WHERE creator_issuer = :issuer AND creator_subject = :subject"
    ),
    "mail": (
        "DELETE FROM mail USING account "
        "WHERE lower(account.email) = lower(mail.recipient) AND account.id = :account"
    ),
    "account_link": (
        "DELETE FROM account_link USING account "
        "WHERE lower(account.email) = lower(account_link.email) AND account.id = :account"
    ),
    "account_session": "DELETE FROM account_session WHERE account = :account",
    "account": "DELETE FROM account WHERE id = :account",
}


async def export(session: AsyncSession, subject: DataSubject) -> dict[str, Any]:
    """Return the account, its sessions, its waiting mail, its idempotency records and the API
    keys it created; no secrets."""
    queries = {
        "account": _ACCOUNT,
        "sessions": _SESSIONS,
        "mail": _MAIL,
        "remembered_writes": _REPLIES,
        "api_keys": _KEYS,
    }
    parameters = _parameters(subject)
    return {
        name: [dict(row) for row in (await session.execute(text(query), parameters)).mappings()]
        for name, query in queries.items()
    }


async def erase(session: AsyncSession, subject: DataSubject) -> dict[str, int]:
    """Delete these rows and remove the creator from its API keys; return the rows by table."""
    parameters = _parameters(subject)
    rows = {}
    for table, statement in _ERASURES.items():
        done = await session.execute(text(statement), parameters)
        rows[table] = done.rowcount  # type: ignore[attr-defined]
    return rows


def _parameters(subject: DataSubject) -> dict[str, Any]:
    """Return the SQL parameters; `account` is None where the subject is not a UUID, as with other
    issuers."""
    try:
        account = UUID(subject.id)
    except ValueError:
        account = None
    return {"account": account, "subject": subject.id, "issuer": subject.issuer}

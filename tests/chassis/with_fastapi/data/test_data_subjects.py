"""What is stored about a person: exported, erased, and never logged."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from chassis import schema
from conftest import make_service

ADA, EVE = UUID(int=7), UUID(int=8)
ISSUER = "https://issuer.example"
SETTINGS = "from chassis.fastapi.settings import IssuerSettings as Settings\n"
TRUSTED = [{"issuer": ISSUER, "audience": "api", "jwks_url": f"{ISSUER}/jwks"}]
SUBJECTS = """
from chassis.fastapi.data.data_subjects import DataSubject
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

async def export(session: AsyncSession, subject: DataSubject):
    query = text("SELECT note FROM notes WHERE who = :who")
    return [row.note for row in await session.execute(query, {"who": subject.id})]

async def erase(session: AsyncSession, subject: DataSubject) -> int:
    done = await session.execute(text("DELETE FROM notes WHERE who = :who"), {"who": subject.id})
    return done.rowcount
"""
ROWS = """
    CREATE TABLE notes (who text, note text);
    INSERT INTO notes VALUES ('{0}', 'mine'), ('{1}', 'hers');
    INSERT INTO account (id, email, password_hash, tenant) VALUES
        ('{0}', 'ada@example.org', 'never-exported', gen_random_uuid()),
        ('{1}', 'eve@example.org', 'x', gen_random_uuid());
    INSERT INTO account_session (account, token_hash, device, ends_at)
        VALUES ('{0}', '', 'x', now());
    INSERT INTO mail (recipient, subject, body) VALUES ('ada@example.org', 'Hello', 'x');
    INSERT INTO account_link VALUES ('', 'Ada@example.org', 'reset', now());
    INSERT INTO idempotency (id, tenant, issuer, subject, route, key, fingerprint, status, headers)
        VALUES ('', gen_random_uuid(), '{2}', '{0}', 'POST /x', 'k', '', 201, '');
    INSERT INTO api_key (id, prefix, hash, pepper, tenant, name, permissions, creator_issuer,
            creator_subject, expires_at)
        VALUES ('{0}', 'p', '', '', '{0}', 'importer', '{{}}', '{2}', '{0}', now());
"""
TABLES = ("notes", "account", "account_session", "mail", "account_link", "idempotency", "api_key")

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, database: str) -> Run:
    """Give what runs ``python -m chassis subject`` on a service that knows two people."""
    service = make_service(tmp_path / "service", "api").root / "api"
    (service / "notes").mkdir()
    for package in (service, service / "notes"):
        (package / "__init__.py").touch()
    (service / "settings.py").write_text(SETTINGS)
    (service / "notes" / "data_subjects.py").write_text(SUBJECTS)
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
        connection.execute(ROWS.format(ADA, EVE, ISSUER).encode())

    def begin(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {"DATABASE_URL": database, "TRUSTED_ISSUERS": json.dumps(TRUSTED)}
        return subprocess.run(
            [sys.executable, "-m", "chassis", "subject", *arguments],
            cwd=service.parent,
            env={**os.environ, "LOG_FORMAT": "json", **known, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return begin


def counts(database: str) -> list[int]:
    """Return how many rows each table holds."""
    with psycopg.connect(database) as connection:
        count = sql.SQL("SELECT count(*) FROM {}")
        queries = [count.format(sql.Identifier(name)) for name in TABLES]
        return [row[0] for query in queries for row in connection.execute(query)]


def test_export_holds_what_is_known_and_no_secret(run: Run, tmp_path: Path) -> None:
    """Each domain and the platform contribute; the file is for its owner's eyes."""
    file = tmp_path / "ada.json"
    done = run("export", str(ADA), str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    stored: dict[str, Any] = json.loads(file.read_text())["stored"]
    assert stored["notes"] == ["mine"]
    assert [row["email"] for row in stored["platform"]["account"]] == ["ada@example.org"]
    assert [row["name"] for row in stored["platform"]["api_keys"]] == ["importer"]
    assert "never-exported" not in file.read_text()
    assert "cannot be written" in run("export", str(ADA), str(file)).stderr


def test_erasure_is_shown_first_and_audited_without_a_name(run: Run, database: str) -> None:
    """Without --yes nothing happens; with it everything of one person goes at once, and a log line
    is left that only those find who know the subject."""
    before = counts(database)
    asked = run("erase", str(ADA))
    assert (asked.returncode, counts(database)) == (1, before)
    assert asked.stderr.startswith("notes: 1 rows\nplatform.idempotency: 1 rows\n")
    done = run("erase", str(ADA), "--yes")
    assert done.returncode == 0, done.stderr
    assert counts(database) == [1, 1, 0, 0, 0, 0, 1]
    line = json.loads(done.stdout)
    known = hashlib.sha256(f"{ISSUER} {ADA}".encode()).hexdigest()
    assert (line["event"], line["subject_sha256"]) == ("subject erased", known)
    assert line["rows"] == 7
    assert str(ADA) not in done.stdout


def test_subject_of_several_issuers_must_be_told_apart(run: Run) -> None:
    """Two issuers may both have a user 7."""
    both = json.dumps([*TRUSTED, {**TRUSTED[0], "issuer": "https://other.example"}])
    done = run("erase", "7", "--yes", TRUSTED_ISSUERS=both)
    assert done.stderr.startswith("--issuer must name whose subject is meant: https://issuer.ex")

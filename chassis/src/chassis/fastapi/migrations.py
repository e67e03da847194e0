"""Alembic for a service whose domains bring their own migrations.

Each ``api/<domain>/migrations`` is a branch of its own beside ``api/migrations/versions``, so that
a domain can be deleted together with its history. The platform's schema comes first.
"""

from pathlib import Path

import psycopg
from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, text

from chassis import schema
from chassis.fastapi import discovery
from chassis.fastapi.db import sqlalchemy_url
from chassis.fastapi.settings import ApiSettings
from chassis.service import Service, load

DATABASE_URL = "database_url"
"""The Alembic configuration's attribute that wins over the settings; tests set it."""

_PACKAGE = "api"
_LOCK = 0x726F6164  # any number, the same everywhere: one migration at a time
# public alone: with the role's search path autogenerate would see, and drop, the platform's tables
_OPTIONS = {"connect_timeout": 5, "options": "-c lock_timeout=5s -c search_path=public"}


def run(metadata: MetaData, settings: type[ApiSettings]) -> None:
    """Do what Alembic was asked; called by ``api/migrations/env.py`` and nothing else.

    ``metadata`` is compared with the database after every ``api/<domain>/models.py`` was imported.
    """
    discovery.modules(_PACKAGE, "models")
    service = load()
    # only here, and not in alembic.ini, a domain may come and go without being named
    context.script.version_locations = [str(folder) for folder in locations(service)]
    if context.is_offline_mode():
        context.configure(
            dialect_name="postgresql",
            target_metadata=metadata,
            literal_binds=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        return
    url = context.config.attributes.get(DATABASE_URL) or settings.load(service).database_url
    with psycopg.connect(url) as connection:
        schema.migrate(connection)
    with create_engine(
        sqlalchemy_url(url), poolclass=NullPool, connect_args=_OPTIONS
    ).connect() as connection_:
        _run_on(connection_, metadata)


def _run_on(connection: Connection, metadata: MetaData) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=False,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def locations(service: Service) -> list[Path]:
    """Return the folders with revisions: the service's own, then each domain's."""
    root = service.root / _PACKAGE
    return [root / "migrations" / "versions", *sorted(root.glob("*/migrations"))]


def missing(connection: psycopg.Connection, service: Service) -> set[str]:
    """Return the heads that the database lacks.

    A database that knows revisions which this code does not is ahead of it, as during a rolling
    release, and lacks nothing.
    """
    script = ScriptDirectory(
        str(service.root / _PACKAGE / "migrations"),
        version_locations=[str(folder) for folder in locations(service)],
    )
    known = {revision.revision for revision in script.walk_revisions()}
    applied = _applied(connection)
    return set() if applied - known else set(script.get_heads()) - applied


def _applied(connection: psycopg.Connection) -> set[str]:
    exists = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if exists is None or exists[0] is None:
        return set()
    return {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}

"""Alembic for a service whose domains have migrations of their own.

Each `api/<domain>/migrations` is a separate branch beside `api/migrations/versions`, so that a
domain can be deleted together with its history. The platform's schema is migrated first.
"""

import logging
import time
from pathlib import Path

import alembic.command
import psycopg
from alembic import context
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, text

from chassis import schema
from chassis.fastapi import discovery
from chassis.fastapi.data.db import sqlalchemy_url
from chassis.fastapi.settings import ApiSettings
from chassis.service import Service, load

DATABASE_URL = "database_url"
"""The attribute of Alembic's configuration that overrides the settings; tests set it."""

_PACKAGE = "api"
_LOCK = 0x726F6164  # any number, the same everywhere: one migration at a time
_PAUSE_SECONDS = 0.2
_log = logging.getLogger(__name__)
# only public: with the role's search path autogenerate would see, and drop, the platform's tables
_OPTIONS = {"connect_timeout": 5, "options": "-c lock_timeout=5s -c search_path=public"}


def run(metadata: MetaData, settings: type[ApiSettings]) -> None:
    """Run the Alembic command; called only by `api/migrations/env.py`.

    `metadata` is compared with the database after every `api/<domain>/models.py` was imported.
    """
    discovery.modules(_PACKAGE, "models")
    service = load()
    # set here and not in alembic.ini, which would have to name every domain
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
    url = context.config.attributes.get(DATABASE_URL) or _address(settings.load(service))
    with psycopg.connect(url) as connection:
        schema.migrate(connection)
    with create_engine(
        sqlalchemy_url(url), poolclass=NullPool, connect_args=_OPTIONS
    ).connect() as connection_:
        _run_on(connection_, metadata, service)


def _address(settings: ApiSettings) -> str:
    settings.environment.refuse_build()
    return settings.database_url


def _run_on(connection: Connection, metadata: MetaData, service: Service) -> None:
    _lock(connection)
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=False,
        compare_server_default=True,
        transaction_per_migration=True,
        process_revision_directives=_advise,
    )
    # upgrade, downgrade and stamp have a destination; commands that only read must change nothing
    if context.get_context().opts.get("destination_rev"):
        _retire(connection, service)
    with context.begin_transaction():
        context.run_migrations()


def _advise(
    _context: MigrationContext, _revision: object, directives: list[MigrationScript]
) -> None:
    """Log the command to run when `alembic check` is about to fail."""
    command = getattr(context.config.cmd_opts, "cmd", None)
    is_check = command and command[0] is alembic.command.check
    if is_check and any(script.upgrade_ops and script.upgrade_ops.ops for script in directives):
        _log.error('The models have changed: run `just migration api "what changed"`.')


def _lock(connection: Connection) -> None:
    """Take the lock of migrations; wait while another migration of this database runs.

    The lock is polled: a SELECT that waits would fail after `lock_timeout`. It would also hold a
    snapshot, and a CREATE INDEX CONCURRENTLY of the other migration would wait for that.
    """
    statement = text("SELECT pg_try_advisory_lock(:key)")
    waited = False
    while not connection.scalar(statement, {"key": _LOCK}):
        connection.commit()
        if not waited:
            _log.warning("Another migration of this database is running; waiting until it ends.")
        waited = True
        time.sleep(_PAUSE_SECONDS)
    connection.commit()


def _retire(connection: Connection, service: Service) -> None:
    """Delete the revisions of an example whose code was dropped; log its tables, which stay.

    If the database holds another unknown revision, nothing is deleted: Alembic refuses that
    revision, and the database stays unchanged.
    """
    applied = set(context.get_context().get_current_heads())
    unknown = applied - {revision.revision for revision in context.script.walk_revisions()}
    dropped = _dropped(service, unknown)
    if not dropped or dropped != unknown:
        return
    name = service.example[_PACKAGE]
    tables = connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ :own"),
        {"own": f"^{name}(_|$)"},
    )
    _log.warning(
        "The code of the example %s is gone: its revisions are deleted, its tables stay (%s).",
        name,
        ", ".join(sorted(tables)) or "none is left",
    )
    connection.execute(
        text("DELETE FROM alembic_version WHERE version_num = ANY(:dropped)"),
        {"dropped": sorted(dropped)},
    )
    connection.commit()


def _dropped(service: Service, revisions: set[str]) -> set[str]:
    """Return those of `revisions` that belong to an example whose folder is gone.

    The revisions of an example begin with its name.
    """
    name = service.example.get(_PACKAGE)
    if not name or (service.root / _PACKAGE / name).is_dir():
        return set()
    return {revision for revision in revisions if revision.startswith(f"{name}_")}


def locations(service: Service) -> list[Path]:
    """Return the folders with revisions: first the service's own, then those of the domains."""
    root = service.root / _PACKAGE
    return [root / "migrations" / "versions", *sorted(root.glob("*/migrations"))]


def script_directory(service: Service) -> ScriptDirectory:
    """Return Alembic's directory with every revision of the service."""
    return ScriptDirectory(
        str(service.root / _PACKAGE / "migrations"),
        version_locations=[str(folder) for folder in locations(service)],
    )


def missing(connection: psycopg.Connection, service: Service) -> set[str]:
    """Return the heads that the database lacks.

    A revision that this code does not know means that the database is newer than the code, as
    during a rolling release. Then a head is missing only if the database holds an older revision
    of its branch. Revisions of a dropped example do not count as unknown.
    """
    script = script_directory(service)
    applied = _applied(connection)
    lacking = set(script.get_heads()) - applied
    unknown = applied - {revision.revision for revision in script.walk_revisions()}
    if not unknown - _dropped(service, unknown):
        return lacking
    return {head for head in lacking if applied & _branch(script, head)}


def _branch(script: ScriptDirectory, head: str) -> set[str]:
    return {revision.revision for revision in script.iterate_revisions(head, "base")}


def _applied(connection: psycopg.Connection) -> set[str]:
    exists = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if exists is None or exists[0] is None:
        return set()
    return {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}

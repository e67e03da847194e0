"""The PostgreSQL schema `platform`: the chassis's own tables and their forward-only migrations.

It is separate from the service's migrations, so that the chassis can change its tables without
touching a service's history. A number is never reused and a file never changes once released.
"""

import re
from importlib.resources import files
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import scalar_row

_NAME = re.compile(r"(\d{4})_\w+\.sql")
# any number that no other lock uses: it stands for "migrating the platform schema"
_LOCK = 7_262_345_001
_FILES = {
    int(match.group(1)): item
    for item in files(__name__).iterdir()
    if (match := _NAME.fullmatch(item.name))
}
_RESTRICT = files(__name__) / "restrict.sql"
HEAD = max(_FILES)
"""The version that this chassis needs."""


class SchemaError(Exception):
    """The platform schema cannot be migrated; the text is one sentence."""


def current(connection: Connection[Any]) -> int:
    """Return the version of the connected database; 0 where nothing was ever migrated.

    A version above `HEAD` belongs to a newer chassis, which runs beside this one during a
    roll-out; migrations are written so that this works.
    """
    if not _one(connection, "SELECT to_regclass('platform.schema_version')"):
        return 0
    return int(_one(connection, "SELECT coalesce(max(version), 0) FROM platform.schema_version"))


def migrate(connection: Connection[Any]) -> list[str]:
    """Bring the connected database to `HEAD` in one transaction; return the names applied.

    Processes that migrate at once wait for each other. Raises SchemaError when the role may not
    make the schema.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        version = current(connection)
        if version == 0:
            _create(connection)
        applied = [_apply(connection, number) for number in sorted(_FILES) if number > version]
        connection.execute(_RESTRICT.read_bytes())
        _set_search_path(connection)
        return applied


def _create(connection: Connection[Any]) -> None:
    try:
        connection.execute("CREATE SCHEMA IF NOT EXISTS platform")
    except InsufficientPrivilege as error:
        raise SchemaError(
            f"The role {connection.info.user} may not create the schema platform in the database "
            f"{connection.info.dbname}: make it the database's owner and migrate again."
        ) from error
    connection.execute(
        "CREATE TABLE IF NOT EXISTS platform.schema_version ("
        "version integer PRIMARY KEY, name text NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now())"
    )


def _apply(connection: Connection[Any], number: int) -> str:
    item = _FILES[number]
    name = item.name.removesuffix(".sql")
    connection.execute(item.read_bytes())
    connection.execute(
        "INSERT INTO platform.schema_version (version, name) VALUES (%s, %s)", [number, name]
    )
    return name


def _set_search_path(connection: Connection[Any]) -> None:
    """Let unqualified names reach the platform's tables, for this role in this database alone.

    `public` stays first: what the service creates is its own.
    """
    known = "SELECT 'platform' = ANY (string_to_array(current_setting('search_path'), ', '))"
    if not _one(connection, known):
        database = sql.Identifier(str(_one(connection, "SELECT current_database()")))
        connection.execute(
            sql.SQL(
                "ALTER ROLE CURRENT_USER IN DATABASE {} SET search_path = public, platform"
            ).format(database)
        )
        # not LOCAL: the migrations that follow on this connection see it too
        connection.execute("SET search_path = public, platform")


def _one(connection: Connection[Any], query: LiteralString) -> Any:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query).fetchone()

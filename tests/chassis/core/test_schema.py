"""The platform schema and its migrations."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from psycopg import Connection, sql

from chassis import schema, testing
from chassis.service import Service

type Row = tuple[object, ...]

NAMES = [schema._FILES[number].name.removesuffix(".sql") for number in sorted(schema._FILES)]
TABLES = [
    "account",
    "account_link",
    "account_session",
    "api_key",
    "audit_event",
    "circuit",
    "idempotency",
    "mail",
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
    "schema_version",
    "throttle",
]


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Row]]:
    """Connect to an empty database."""
    with psycopg.connect(database, autocommit=True) as connected:
        yield connected


def test_brings_an_empty_database_to_head(connection: Connection[Row]) -> None:
    """An empty database has version 0 and gets every migration, once."""
    assert schema.current(connection) == 0
    assert schema.migrate(connection) == NAMES
    assert schema.current(connection) == schema.HEAD
    assert schema.migrate(connection) == []


def test_makes_nothing_speculative(connection: Connection[Row]) -> None:
    """Every table is one that something uses."""
    schema.migrate(connection)
    tables = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'platform'"
    ).fetchall()
    assert sorted(tables) == [(name,) for name in TABLES]


def queue_of(connection: Connection[Row]) -> list[Row]:
    """Return what defines the job queue: functions, columns, indexes, triggers and enums."""
    return connection.execute("""
        SELECT 'function', pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ 'procrastinate'
        UNION ALL SELECT 'column', concat_ws(' ', table_name, column_name, data_type, is_nullable,
            column_default) FROM information_schema.columns WHERE table_name ~ 'procrastinate'
        UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE tablename ~ 'procrastinate'
        UNION ALL SELECT 'constraint', concat_ws(' ', conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE conname ~ 'procrastinate'
        UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger
            WHERE tgname ~ 'procrastinate' AND NOT tgisinternal
        UNION ALL SELECT 'label', concat_ws(' ', typname, enumlabel)
            FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
        ORDER BY 1, 2
    """).fetchall()


def test_the_queue_is_what_the_installed_library_expects(
    connection: Connection[Row], database_server: None, roadbed_service: Service
) -> None:
    """A procrastinate with a newer schema needs a migration here before its range may grow."""
    schema.migrate(connection)
    with (
        testing.database(testing.address(roadbed_service, "api")) as other,
        psycopg.connect(other) as fresh,
    ):
        fresh.execute("CREATE SCHEMA platform")
        fresh.execute("SET search_path = platform")
        fresh.execute(SchemaManager.get_schema())
        fresh.execute("SET search_path = public, platform")
        expected = queue_of(fresh)
    assert len(expected) > 50
    assert queue_of(connection) == expected


def test_unqualified_names_reach_the_platform(connection: Connection[Row], database: str) -> None:
    """Both this session and later ones find platform tables, and create their own in public."""
    schema.migrate(connection)
    connection.execute("SELECT 1 FROM account")
    with psycopg.connect(database) as later:
        later.execute("SELECT 1 FROM account")
        assert later.execute("SELECT current_schema()").fetchone() == ("public",)


def test_the_search_path_is_of_that_database_alone(
    connection: Connection[Row], database_server: None, roadbed_service: Service
) -> None:
    """Another database of the same role keeps its search path."""
    schema.migrate(connection)
    with (
        testing.database(testing.address(roadbed_service, "api")) as other,
        psycopg.connect(other) as elsewhere,
    ):
        assert elsewhere.execute("SHOW search_path").fetchone() == ('"$user", public',)


def test_processes_that_migrate_at_once_wait_for_each_other(database: str) -> None:
    """Of eight replicas that start together one migrates and seven find it done."""

    def migrate(_: int) -> list[str]:
        with psycopg.connect(database) as mine:
            return schema.migrate(mine)

    with ThreadPoolExecutor(8) as threads:
        applied = list(threads.map(migrate, range(8)))
    assert sorted(applied) == [[]] * 7 + [NAMES]


def test_a_failing_migration_leaves_nothing_behind(
    connection: Connection[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pending migrations are one transaction."""

    class Broken:
        name = "9999_broken.sql"

        @staticmethod
        def read_bytes() -> bytes:
            return b"CREATE TABLE platform.half (); SELECT 1/0"

    monkeypatch.setitem(schema._FILES, 9999, Broken())
    with pytest.raises(psycopg.errors.DivisionByZero):
        schema.migrate(connection)
    assert schema.current(connection) == 0
    assert connection.execute("SELECT to_regclass('platform.account')").fetchone() == (None,)


def test_a_newer_database_is_left_alone(connection: Connection[Row]) -> None:
    """During a roll-out an old process may meet a database that a newer one migrated."""
    schema.migrate(connection)
    connection.execute("INSERT INTO platform.schema_version VALUES (9000, '9000_future')")
    assert schema.migrate(connection) == []
    assert schema.current(connection) == 9000


def test_a_role_that_may_not_create_is_told_so(connection: Connection[Row], database: str) -> None:
    """A role that does not own the database gets one sentence."""
    name = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO web").format(name))
    with (
        psycopg.connect(database.replace("api@", "web@")) as stranger,
        pytest.raises(schema.SchemaError, match="The role web may not create the schema platform"),
    ):
        schema.migrate(stranger)


def test_a_transaction_of_the_caller_decides(database: str) -> None:
    """Inside a caller's transaction the migrations share its fate."""
    with psycopg.connect(database) as mine:
        mine.execute("SELECT 1")
        schema.migrate(mine)
        mine.rollback()
        assert schema.current(mine) == 0

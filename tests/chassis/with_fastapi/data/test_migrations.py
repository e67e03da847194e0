"""Alembic over a service whose domains bring their own branches."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from chassis import schema
from chassis.fastapi.data import migrations
from chassis.service import Service, load

LONGER_THAN_THE_LOCK_TIMEOUT = 8
MODELS = """
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column
from api.db import Base

class Thing(Base):
    __tablename__ = "thing"
    __table_args__ = (Index(None, "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
FILES = {
    ".roadbed/service.toml": 'plan = "fastapi-service"\n[example]\napi = "example"\n',
    "pyproject.toml": '[project]\nname = "orders"\nversion = "1"\n',
    "alembic.ini": "[alembic]\nscript_location = %(here)s/api/migrations\n"
    "prepend_sys_path = %(here)s\npath_separator = os\nrevision_environment = true\n",
    "api/__init__.py": "",
    "api/settings.py": "from chassis.fastapi.settings import IssuerSettings as Settings\n",
    "api/db.py": "from chassis.fastapi.data.db import NAMING_CONVENTION\n"
    "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase\n"
    "class Base(DeclarativeBase):\n    metadata = MetaData(naming_convention=NAMING_CONVENTION)\n",
    "api/migrations/env.py": "from chassis.fastapi.data import migrations\n"
    "from api.db import Base\nfrom api.settings import Settings\n"
    "migrations.run(Base.metadata, Settings)\n",
    "api/migrations/script.py.mako": '"""${message}."""\nimport sqlalchemy as sa\n'
    "from alembic import op\nrevision = ${repr(up_revision)}\n"
    "down_revision = ${repr(down_revision)}\nbranch_labels = ${repr(branch_labels)}\n"
    "depends_on = ${repr(depends_on)}\ndef upgrade():\n    ${upgrades}\n"
    "def downgrade():\n    ${downgrades}\n",
    "api/migrations/versions/start.py": 'revision = "start"\ndown_revision = None\n'
    'branch_labels = "api"\ndef upgrade(): pass\ndef downgrade(): pass\n',
    "api/example/__init__.py": "",
    "api/example/migrations/example.py": "from alembic import op\nimport sqlalchemy as sa\n"
    'revision = "example_1"\ndown_revision = None\nbranch_labels = "example"\n'
    'def upgrade(): op.create_table("example", sa.Column("id", sa.Integer))\n'
    'def downgrade(): op.drop_table("example")\n',
    "api/example/models.py": "from sqlalchemy import Column, Integer, Table\n"
    'from api.db import Base\nTable("example", Base.metadata, Column("id", Integer))\n',
}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Write a small service with one domain that owns a branch."""
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return load(tmp_path)


def alembic(service: Service, database: str, *commands: str) -> str:
    """Run Alembic as a developer does, once for each command, and return what it printed."""
    done = attempt(service, database, *commands)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def attempt(service: Service, database: str, *commands: str) -> subprocess.CompletedProcess[str]:
    """Run Alembic and return how it ended."""
    program = "import shlex, sys; from alembic.config import main\n"
    program += "for command in sys.argv[1:]: main(shlex.split(command))"
    return subprocess.run(
        [sys.executable, "-c", program, *commands],
        cwd=service.root,
        env={**os.environ, "ENVIRONMENT": "test", "API_DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )


def applied(database: str) -> set[str]:
    """Return what the database holds as applied."""
    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}


def add_revision(service: Service, name: str, after: str) -> None:
    """Write a revision that the team puts on its own branch."""
    file = service.root / "api" / "migrations" / "versions" / f"{name}.py"
    file.write_text(
        f'revision = "{name}"\ndown_revision = "{after}"\n'
        "def upgrade(): pass\ndef downgrade(): pass\n",
        encoding="utf-8",
    )


def tables(database: str) -> set[str]:
    """Return the names of the tables and their schemas."""
    query = (
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN ('public', 'platform')"
    )
    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute(query)}


def test_goes_up_from_nothing_and_down_again(service: Service, database: str) -> None:
    """All branches apply to an empty database, the platform's schema first, and come off again."""
    alembic(service, database, "upgrade heads", "downgrade base")
    assert tables(database) >= {"platform.account", "public.alembic_version"}
    assert "public.example" not in tables(database)


def test_check_is_clean_beside_the_platform(service: Service, database: str) -> None:
    """Autogenerate sees the service's own tables and nobody else's."""
    said = alembic(service, database, "upgrade heads", "check")
    assert tables(database) >= {"platform.account", "public.example"}
    assert "No new upgrade operations" in said


def test_a_model_without_its_migration_is_told_what_to_type(
    service: Service, database: str
) -> None:
    """Alembic names what differs; the recipe that writes the migration is ours to name."""
    (service.root / "api" / "example" / "models.py").write_text(MODELS)
    done = attempt(service, database, "upgrade heads", "check")
    assert done.returncode != 0
    assert 'run `just migration api "what changed"`' in done.stderr
    assert "Traceback" not in done.stderr


def test_team_continues_its_own_branch(service: Service, database: str) -> None:
    """A new model becomes a revision on the branch ``api``, named by the convention, and the
    example can go although it was never migrated."""
    (service.root / "api" / "things").mkdir()
    (service.root / "api" / "things" / "__init__.py").touch()
    (service.root / "api" / "things" / "models.py").write_text(MODELS, encoding="utf-8")
    shutil.rmtree(service.root / "api" / "example")
    said = alembic(
        service,
        database,
        "upgrade heads",
        "revision --autogenerate --head api@head -m 'add things'",
        "upgrade heads",
        "check",
    )
    (made,) = (service.root / "api" / "migrations" / "versions").glob("*_add_things.py")
    written = made.read_text(encoding="utf-8")
    assert "ix_thing_name" in written
    assert "platform" not in written
    assert tables(database) >= {"public.thing"}
    assert "No new upgrade operations" in said


def test_example_downgrades_alone(service: Service, database: str) -> None:
    """The example's branch comes off while the others stay, and then the folder may go."""
    alembic(service, database, "upgrade heads", "downgrade example@base")
    with psycopg.connect(database) as connection:
        assert migrations.missing(connection, service) == {"example_1"}
        shutil.rmtree(service.root / "api" / "example")
        assert migrations.missing(connection, service) == set()


def test_sql_can_be_printed(service: Service, database: str) -> None:
    """Somebody who reviews SQL gets it without a database being touched."""
    assert "CREATE TABLE example" in alembic(service, database, "upgrade heads --sql")
    assert tables(database) == set()


def test_database_ahead_of_the_code_lacks_nothing(service: Service, database: str) -> None:
    """During a rolling release the old code meets a newer schema."""
    with psycopg.connect(database) as connection:
        assert migrations.missing(connection, service) == {"start", "example_1"}
        schema.migrate(connection)
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('from-tomorrow')")
        assert migrations.missing(connection, service) == set()


def test_a_dropped_example_is_retired_where_it_was_applied(service: Service, database: str) -> None:
    """Staging still holds the example's revision: it migrates on, and is told which tables stay."""
    alembic(service, database, "upgrade heads")
    shutil.rmtree(service.root / "api" / "example")
    add_revision(service, "notes", "start")
    looked = attempt(service, database, "check")
    assert (looked.returncode == 0, applied(database)) == (False, {"start", "example_1"})
    done = attempt(service, database, "upgrade heads", "check")
    assert "its tables stay (example)" in done.stderr
    assert applied(database) == {"notes"}
    assert "public.example" in tables(database)


def test_a_build_writes_sql_and_touches_no_database(service: Service, database: str) -> None:
    """Offline SQL needs no variable; migrating is refused, whatever address is configured."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "alembic", "upgrade", "heads", *arguments],
            cwd=service.root,
            env={**os.environ, "ENVIRONMENT": "build", "API_DATABASE_URL": database},
            capture_output=True,
            text=True,
            check=False,
        )

    assert "CREATE TABLE example" in run("--sql").stdout
    refused = run()
    assert (refused.returncode, "never serves" in refused.stderr) == (1, True)
    assert "Traceback" not in refused.stderr
    assert tables(database) == set()


@pytest.mark.parametrize("stranger", ["from_tomorrow", "examples_1"])
def test_another_unknown_revision_is_refused(
    service: Service, database: str, stranger: str
) -> None:
    """A database that is ahead for any other reason stays as it is, the example's row included."""
    alembic(service, database, "upgrade heads")
    shutil.rmtree(service.root / "api" / "example")
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [stranger])
    done = attempt(service, database, "upgrade heads")
    assert done.returncode != 0
    assert "Can't locate revision" in done.stdout
    assert applied(database) == {"start", "example_1", stranger}


def test_an_example_that_is_still_there_is_not_retired(service: Service, database: str) -> None:
    """Its newer revision comes from newer code, and this code may not forget it."""
    alembic(service, database, "upgrade heads")
    with psycopg.connect(database) as connection:
        connection.execute(
            "UPDATE alembic_version SET version_num = 'example_2' WHERE version_num = 'example_1'"
        )
    assert attempt(service, database, "upgrade heads").returncode != 0
    assert applied(database) == {"start", "example_2"}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"start", "from_tomorrow"}, {"notes"}),
        ({"from_tomorrow", "example_1"}, set()),
        ({"notes", "from_tomorrow"}, set()),
        ({"start", "example_1"}, {"notes"}),
    ],
)
def test_only_the_branch_that_is_ahead_lacks_nothing(
    service: Service, database: str, held: set[str], expected: set[str]
) -> None:
    """An unknown revision of one branch excuses no migration of another that is pending."""
    add_revision(service, "notes", "start")
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.cursor().executemany(
            "INSERT INTO alembic_version VALUES (%s)", [(item,) for item in sorted(held)]
        )
        assert migrations.missing(connection, service) == expected


def test_a_dropped_example_excuses_no_missing_migration(service: Service, database: str) -> None:
    """Its row is unknown, and says nothing about a branch that was never applied."""
    shutil.rmtree(service.root / "api" / "example")
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('example_1')")
        assert migrations.missing(connection, service) == {"start"}


@pytest.mark.parametrize(
    ("ignored", "expected"),
    [
        ("", "dangerous.sql"),
        ('squawk_ignore = ("ban-drop-column", "require-concurrent-index-creation")\n', ""),
    ],
)
def test_a_migration_that_stops_the_service_is_found(
    service: Service, ignored: str, expected: str
) -> None:
    """Each revision is linted by itself, on tables that exist; one may say why a rule is off."""
    file = service.root / "api" / "example" / "migrations" / "dangerous.py"
    file.write_text(
        f'from alembic import op\nrevision = "dangerous"\ndown_revision = "example_1"\n{ignored}'
        'def upgrade():\n    op.drop_column("example", "id")\n'
        '    op.create_index("by_name", "example", ["name"])\ndef downgrade(): pass\n'
    )
    environment = {**os.environ, "ENVIRONMENT": "build"}
    done = subprocess.run(
        [sys.executable, "-m", "chassis", "lint-migrations"],
        cwd=service.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0, expected in done.stderr) == (not expected, True), done.stderr
    assert ("ban-drop-column" in done.stderr) is bool(expected)
    assert "example_1.sql" not in done.stderr


def test_a_second_migration_waits_for_the_first(service: Service, database: str) -> None:
    """A replica that starts during a migration longer than the lock timeout neither fails nor runs
    beside it, and does not stop an index that is built concurrently."""
    with (
        psycopg.connect(database, autocommit=True) as first,
        ThreadPoolExecutor() as threads,
    ):
        first.execute("CREATE TABLE big (id integer)")
        first.execute("SELECT pg_advisory_lock(%s)", [migrations._LOCK])
        second = threads.submit(attempt, service, database, "upgrade heads")
        time.sleep(LONGER_THAN_THE_LOCK_TIMEOUT)
        first.execute("CREATE INDEX CONCURRENTLY big_id ON big (id)")
        assert (second.done(), tables(database) & {"public.example"}) == (False, set())
        first.execute("SELECT pg_advisory_unlock(%s)", [migrations._LOCK])
        done = second.result()
    assert done.returncode == 0, done.stderr
    assert "Another migration of this database is running" in done.stderr
    assert applied(database) == {"start", "example_1"}

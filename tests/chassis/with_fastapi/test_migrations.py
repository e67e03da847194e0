"""Alembic over a service whose domains bring their own branches."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from chassis import schema
from chassis.fastapi import migrations
from chassis.service import Service, load

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
    ".roadbed/service.toml": 'plan = "fastapi-service"\n',
    "pyproject.toml": '[project]\nname = "orders"\nversion = "1"\n',
    "alembic.ini": "[alembic]\nscript_location = %(here)s/api/migrations\n"
    "prepend_sys_path = %(here)s\npath_separator = os\nrevision_environment = true\n",
    "api/__init__.py": "",
    "api/settings.py": "from chassis.fastapi.settings import IssuerSettings as Settings\n",
    "api/db.py": "from chassis.fastapi.db import NAMING_CONVENTION\n"
    "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase\n"
    "class Base(DeclarativeBase):\n    metadata = MetaData(naming_convention=NAMING_CONVENTION)\n",
    "api/migrations/env.py": "from chassis.fastapi import migrations\nfrom api.db import Base\n"
    "from api.settings import Settings\nmigrations.run(Base.metadata, Settings)\n",
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
    program = "import shlex, sys; from alembic.config import main\n"
    program += "for command in sys.argv[1:]: main(shlex.split(command))"
    done = subprocess.run(
        [sys.executable, "-c", program, *commands],
        cwd=service.root,
        env={**os.environ, "ENVIRONMENT": "test", "API_DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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

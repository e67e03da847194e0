"""``python -m chassis backup`` and ``restore``: a half's whole database in one file.

They are ``pg_dump --format=custom`` and ``pg_restore``, which anybody may call instead. The file
holds everything, personal data too: keep it like the database.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict

from chassis import settings
from chassis.operations.errors import OperationError
from chassis.operations.questions import confirmed
from chassis.service import Service

_SERVICE = "roadbed"
_SCHEMAS = ("platform", "public")
_TABLES = """
    SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND nspname = ANY (%s)
"""


def declare(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options of ``verb``, which is ``backup`` or ``restore``."""
    if verb == "backup":
        parser.add_argument("file", type=Path, help="where to write; must not exist")
        return
    parser.add_argument("file", type=Path, help="what `backup` wrote")
    parser.add_argument("--replace", action="store_true", help="drop what the database holds first")
    parser.add_argument("--yes", action="store_true", help="with --replace: do not ask")


def backup(service: Service, url: str, options: argparse.Namespace) -> None:
    """Write the database at ``url`` to ``options.file``, readable by us alone.

    Raises OperationError when the file exists or pg_dump fails, which then says why itself.
    """
    target: Path = options.file
    if target.exists():
        raise OperationError(f"{target} exists: name another file, or move that one away.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        # closed to others from the start
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600, exist_ok=False)
        with _reaching(url) as environment:
            command = ["--format=custom", "--no-owner", "--no-privileges", f"--file={partial}"]
            _run(_find(service, "pg_dump"), command, environment)
        partial.rename(target)
    except OSError as error:
        raise OperationError(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        partial.unlink(missing_ok=True)
    sys.stdout.write(f"Wrote {target} ({target.stat().st_size:,} bytes).\n")


def restore(service: Service, url: str, options: argparse.Namespace) -> None:
    """Fill the database at ``url`` from ``options.file``; it must be empty, or ``--replace``
    empties it, after the file was read to its end. Migrate it afterwards.

    Raises OperationError when it is not empty, the answer is no, or pg_restore fails.
    """
    if not options.file.is_file():
        raise OperationError(f"{options.file} is no file: name one that `just backup` wrote.")
    program = _find(service, "pg_restore")
    _read_through(program, options.file)
    with psycopg.connect(url, connect_timeout=5) as connection:
        _make_room(connection, options)
    with _reaching(url) as environment:
        command = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        _run(program, [*command, str(options.file)], environment)
    sys.stdout.write(f"Restored {options.file}.\n")


def _read_through(program: Path, file: Path) -> None:
    """Raise OperationError unless all of ``file`` can be read: afterwards it is too late."""
    command = [str(program), f"--file={os.devnull}", str(file)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603
        raise OperationError(f"{file} is no whole backup; nothing was changed.")


def _make_room(connection: Connection[Any], options: argparse.Namespace) -> None:
    row = connection.execute(_TABLES, [list(_SCHEMAS)]).fetchone()
    held = row[0] if row else 0
    if not held:
        # a fresh database has nothing in it that could be in the way, but perhaps empty schemas
        _empty(connection)
        return
    name = f"{connection.info.dbname} on {connection.info.host or 'this machine'}"
    if not options.replace:
        raise OperationError(
            f"The database {name} is not empty ({held} relations): restore into an empty one, or "
            "add --replace to drop everything in it first."
        )
    if not (options.yes or confirmed(f"Drop everything in the database {name}?")):
        raise OperationError("Nothing was changed.")
    _empty(connection)


def _empty(connection: Connection[Any]) -> None:
    for name in _SCHEMAS:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
    # as a new database has it: whoever owns that owns this, and everybody may look into it
    connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
    connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


@contextmanager
def _reaching(url: str) -> Iterator[dict[str, str]]:
    """Give an environment in which PostgreSQL's programs find ``url``, by a file that nobody else
    may read: a command line shows its password to everybody on the machine."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "service.conf")
        known = conninfo_to_dict(url)
        lines = [f"[{_SERVICE}]", *(f"{key}={value}" for key, value in known.items())]
        file.touch(mode=0o600)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        yield {**clean, "PGSERVICEFILE": str(file), "PGSERVICE": _SERVICE}


def _run(program: Path, arguments: list[str], environment: dict[str, str]) -> None:
    command = [str(program), f"--dbname=service={_SERVICE}", *arguments]
    done = subprocess.run(command, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise OperationError(f"{program.name} failed and said why above.")


def _find(service: Service, program: str) -> Path:
    """Find a program of PostgreSQL: on a developer's machine that of the development server."""
    if settings.environment(service).is_local:
        # only here: an image lacks it
        from chassis import devdb  # noqa: PLC0415

        with suppress(devdb.DevDbError):
            return devdb.programs() / program
    if found := shutil.which(program):
        return Path(found)
    raise OperationError(
        f"{program} was not found: run this where PostgreSQL's client programs are, as new as the "
        "server; .roadbed/README.md has the command to type there."
    )

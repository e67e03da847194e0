"""`python -m chassis restore FILE`: fill a half's database from a backup, and migrate it."""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from chassis import migrate
from chassis.errors import UserError
from chassis.operations import databases, postgres_programs
from chassis.operations.questions import confirmed
from chassis.service import Service

_SCHEMAS = ("platform", "public")
_TABLES = """
    SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND nspname = ANY (%s)
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `restore`."""
    databases.declare_half(parser, "where the service has two")
    parser.add_argument("file", type=Path, help="what `backup` wrote")
    parser.add_argument("--replace", action="store_true", help="drop what the database holds first")
    parser.add_argument("--yes", action="store_true", help="with --replace: do not ask")


def run(service: Service, options: argparse.Namespace) -> None:
    """Fill the database that `options` name from their file, and migrate it.

    It must be empty, or `--replace` empties it, after the file was read to its end. Raises
    UserError when it is not empty, the answer is no, or pg_restore fails.
    """
    with databases.server(service):
        half = databases.only_half(service, options)
        _fill(service, databases.address(service, half), options)
        migrate.upgrade(service, half)


def _fill(service: Service, url: str, options: argparse.Namespace) -> None:
    if not options.file.is_file():
        raise UserError(f"{options.file} is not a file: name one that `just backup` wrote.")
    program = postgres_programs.find(service, "pg_restore")
    _read_through(program, options.file)
    with psycopg.connect(url, connect_timeout=5) as connection:
        _make_room(connection, options)
    choices = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    postgres_programs.run(program, url, [*choices, str(options.file)])
    sys.stdout.write(f"Restored {options.file}.\n")


def _read_through(program: Path, file: Path) -> None:
    """Raise UserError unless all of `file` can be read, before anything is dropped."""
    command = [str(program), f"--file={os.devnull}", str(file)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603
        raise UserError(f"{file} is not a complete backup: nothing was changed.")


def _make_room(connection: Connection[Any], options: argparse.Namespace) -> None:
    row = connection.execute(_TABLES, [list(_SCHEMAS)]).fetchone()
    held = row[0] if row else 0
    if not held:
        # a fresh database has no relations, but perhaps empty schemas
        _empty(connection)
        return
    name = f"{connection.info.dbname} on {connection.info.host or 'this machine'}"
    if not options.replace:
        raise UserError(
            f"The database {name} is not empty ({held} relations): restore into an empty one, or "
            "add --replace to drop everything in it first."
        )
    if not (options.yes or confirmed(f"Drop everything in the database {name}?")):
        raise UserError("Nothing was changed.")
    _empty(connection)


def _empty(connection: Connection[Any]) -> None:
    for name in _SCHEMAS:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
    # the same rights as in a new database
    connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
    connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")

"""`python -m chassis backup FILE`: a half's whole database in one file.

It is the output of `pg_dump --format=custom`. The file holds everything, including personal data:
protect it like the database.
"""

import argparse
import sys
from pathlib import Path

from chassis.errors import UserError
from chassis.operations import databases, postgres_programs
from chassis.service import Service


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `backup`."""
    databases.declare_half(parser, "where the service has two")
    parser.add_argument("file", type=Path, help="where to write; must not exist")


def run(service: Service, options: argparse.Namespace) -> None:
    """Write the database that `options` name to their file, readable by this user only.

    Raises UserError when the file exists or pg_dump fails, which prints the reason itself.
    """
    with databases.server(service):
        url = databases.address(service, databases.only_half(service, options))
        _write(service, url, options.file)


def _write(service: Service, url: str, target: Path) -> None:
    if target.exists():
        raise UserError(f"{target} exists: name another file, or move that one away.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        # closed to other users from the start
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600, exist_ok=False)
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={partial}"]
        postgres_programs.run(postgres_programs.find(service, "pg_dump"), url, options)
        partial.rename(target)
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        partial.unlink(missing_ok=True)
    sys.stdout.write(f"Wrote {target} ({target.stat().st_size:,} bytes).\n")

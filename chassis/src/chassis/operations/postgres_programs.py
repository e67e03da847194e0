"""PostgreSQL's own programs: where they are, and how they reach a database."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from chassis.environment import read_environment
from chassis.errors import UserError
from chassis.service import Service

_SERVICE = "roadbed"


def find(service: Service, program: str) -> Path:
    """Find a program of PostgreSQL: on a developer's machine that of the development server."""
    if read_environment(service).is_local:
        # only here: an image lacks it
        from chassis import devdb  # noqa: PLC0415

        with suppress(devdb.DevDbError):
            return devdb.programs() / program
    if path := shutil.which(program):
        return Path(path)
    raise UserError(
        f"{program} was not found: run this where PostgreSQL's client programs are, as new as the "
        "server; .roadbed/README.md has the command to type there."
    )


def run(program: Path, url: str, arguments: list[str]) -> None:
    """Run `program` against the database at `url`. Raises UserError when it fails."""
    command = [str(program), f"--dbname=service={_SERVICE}", *arguments]
    with _environment(url) as environment:
        done = subprocess.run(command, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"{program.name} failed; its output above says why.")


@contextmanager
def _environment(url: str) -> Iterator[dict[str, str]]:
    """Yield an environment in which PostgreSQL's programs find `url`.

    The address is in a file that only this user may read, because a command line would show its
    password to every user of the machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "service.conf")
        known = conninfo_to_dict(url)
        lines = [f"[{_SERVICE}]", *(f"{key}={value}" for key, value in known.items())]
        file.touch(mode=0o600)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        yield {**clean, "PGSERVICEFILE": str(file), "PGSERVICE": _SERVICE}

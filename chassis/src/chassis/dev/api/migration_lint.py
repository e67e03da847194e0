"""`python -m chassis lint-migrations`: what a migration of the API would do to a running service.

squawk (https://squawkhq.com) reads the SQL of each revision by itself: with the whole history in
one file it would take every table for a new one, on which anything is safe.
"""

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from chassis.errors import UserError
from chassis.fastapi.data import migrations
from chassis.service import Service

# bounds of text are part of our contracts, counters may be small, and the connection that migrates
# has its timeouts already (chassis.fastapi.data.migrations)
_NOT_ASKED = (
    "prefer-bigint-over-int",
    "prefer-text-field",
    "require-lock-timeout",
    "require-statement-timeout",
)
_STEP = re.compile(r"^-- Running upgrade .*?(\S+)$", re.MULTILINE)


def run(service: Service, options: argparse.Namespace) -> None:
    """Lint every migration, apart from the rules that it names itself in `squawk_ignore`.

    Raises UserError with what was found.
    """
    del options
    script = ScriptDirectory(
        str(service.root / "api" / "migrations"),
        version_locations=[str(folder) for folder in migrations.locations(service)],
    )
    ignored = {
        revision.revision: tuple(getattr(revision.module, "squawk_ignore", ()))
        for revision in script.walk_revisions()
    }
    findings = "".join(_findings(dict(_statements(service)), ignored))
    if findings:
        raise UserError(
            f"{findings}A migration may say why a rule does not hold for it: "
            'squawk_ignore = ("rule-name",)  # the reason'
        )


def _statements(service: Service) -> Iterator[tuple[str, str]]:
    """Yield each revision's name and its SQL, from nothing to the newest."""
    buffer = io.StringIO()
    configuration = Config(service.root / "alembic.ini", output_buffer=buffer)
    command.upgrade(configuration, "heads", sql=True)
    _, *steps = _STEP.split(buffer.getvalue())
    for name, sql in zip(steps[::2], steps[1::2], strict=True):
        # the BEGIN of a revision stands before its name
        yield name, f"BEGIN;\n{sql.rstrip().removesuffix('BEGIN;')}"


def _findings(
    statements: Mapping[str, str], ignored: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    squawk = shutil.which("squawk", path=Path(sys.executable).parent)
    if squawk is None:
        raise UserError("squawk is not installed here: run `uv sync`.")
    with tempfile.TemporaryDirectory() as folder:
        for name, sql in statements.items():
            (file := Path(folder, f"{name}.sql")).write_text(sql, encoding="utf-8")
            excluded = ",".join((*_NOT_ASKED, *ignored[name]))
            done = subprocess.run(  # noqa: S603 - a list, never a shell
                [
                    squawk,
                    "--exclude",
                    excluded,
                    "--reporter",
                    "gcc",
                    file.name,
                ],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                yield done.stdout + done.stderr

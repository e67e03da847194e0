"""Mistakes at Django's command line: one sentence each, and no traceback."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.core.management.base import CommandParser
from django.db import OperationalError

from chassis.django import management
from chassis.django.identity.settings import IdentitySettings
from chassis.environment import SettingsError
from chassis.service import Service

PROBE = """
import asyncio, sys
from chassis.jobs.process import liveness
async def main():
    async with liveness(int(sys.argv[1])):
        pass
asyncio.run(main())
"""


def failing(error: Exception) -> object:
    """A command line whose command fails."""

    def run(_: list[str]) -> None:
        raise error

    return run


def test_unreachable_database_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever typed the command reads why, and which variable to correct."""
    away = failing(OperationalError("connection refused\nIs the server running?"))
    monkeypatch.setattr(management, "execute_from_command_line", away)
    with pytest.raises(SystemExit) as end:
        management.execute(["manage.py", "migrate"])
    assert end.value.code == (
        "The database cannot be reached (connection refused): start it, or correct "
        "WEB_DATABASE_URL or DATABASE_URL."
    )


def test_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's own option still shows all of it."""
    away = failing(OperationalError("connection refused"))
    monkeypatch.setattr(management, "execute_from_command_line", away)
    with pytest.raises(OperationalError):
        management.execute(["manage.py", "migrate", "--traceback"])


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_worker_wants_a_number_of_jobs(number: str) -> None:
    """A worker that could never run a job does not start."""
    command = load_command_class("chassis.django", "worker")
    parser: CommandParser = command.create_parser("manage.py", "worker")
    parser.called_from_command_line = False
    with pytest.raises(CommandError, match="is not a number of jobs: use 1 or more"):
        parser.parse_args([f"--concurrency={number}"])


@pytest.mark.django_db
def test_restored_rows_without_files_are_named() -> None:
    """No row of this site names a file, so all of them are there."""
    call_command("check_uploads")


def test_probe_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    """The worker's log ends with what to do."""
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))  # noqa: S104 - as the probe does
        other.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", PROBE, port], capture_output=True, text=True, check=False
        )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert done.stderr.startswith(f"PROBE_PORT: {port} cannot be used (Address already in use)")


def test_port_that_is_no_number_makes_no_issuer(
    roadbed_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hybrid in development names its port in every token."""
    for name, value in {"DATABASE_URL": "postgresql://web@db/web", "WEB_PORT": "http"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="WEB_PORT is not a port"):
        IdentitySettings.load(roadbed_service)

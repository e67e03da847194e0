"""One PostgreSQL server: making its data, starting it, stopping it."""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psycopg

from chassis.devdb import binaries, roles
from chassis.devdb.errors import DevDbError
from chassis.devdb.place import SOCKET, Place, make_folder, unwritable
from chassis.devdb.process import Postmaster, run_as

_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.01
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    # faster; a development database may lose its data in a power failure, but not in a crash
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_connections": "200",
}


class Cluster:
    """The server of one place. The caller makes sure that only one process starts or stops it."""

    def __init__(self, where: Place) -> None:
        """Touch nothing."""
        self._where = where
        self._postmaster = Postmaster(where.data, where.sockets)

    def start(self, halves: Iterable[str]) -> None:
        """Start the server from any state, with a role and a database for each half.

        Raises DevDbError.
        """
        if not self._answers_in_time():
            self._postmaster.stop()
            folder = binaries.find(self._where.account)
            self._prepare(folder)
            self._launch(folder)
        roles.ensure(self._where.sockets, halves)

    def stop(self) -> None:
        """Stop the server if it runs, and delete the folder that was made for its socket only."""
        self._postmaster.stop()
        if self._where.sockets.parent != self._where.home:
            with suppress(OSError):
                self._where.sockets.rmdir()

    def _prepare(self, folder: Path) -> None:
        version = self._where.data / "PG_VERSION"
        make_folder(self._where.sockets, mode=0o700, owner=self._where.account)
        if not version.exists():
            self._initialise(folder)
        elif (major := version.read_text().strip()) != binaries.MAJOR:
            raise DevDbError(
                f"The development database in {self._where.home} was made by PostgreSQL {major} "
                f"and this service uses {binaries.MAJOR}: delete it with "
                f"`rm -r {self._where.home}` (its data is lost), or set DATABASE_URL."
            )

    def _initialise(self, folder: Path) -> None:
        """Make the data directory under another name first, because a kill may interrupt it."""
        partial = self._where.home / "data.new"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(self._where.data, ignore_errors=True)
        make_folder(partial, mode=0o700, owner=self._where.account)
        code, _, errors = run_as(
            self._where.account,
            str(folder / "initdb"),
            f"--pgdata={partial}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            # the same order on every machine, whatever its locales
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--wal-segsize=1",
            "--no-sync",
            "--no-instructions",
        )
        if code:
            raise DevDbError(
                f"PostgreSQL could not make its data in {partial} ({_last_line(errors)}): "
                "remove the cause and try again, or set DATABASE_URL."
            )
        partial.rename(self._where.data)

    def _launch(self, folder: Path) -> None:
        options = {**_SETTINGS, "unix_socket_directories": _quoted(self._where.sockets)}
        command = [str(folder / "postgres"), "-D", str(self._where.data)]
        command += [part for item in options.items() for part in ("-c", "=".join(item))]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._comes_up(command, deadline):
            log = _read(self._where.log)
            # the processes of a killed server end after a moment
            if "shared memory block" not in log or time.monotonic() > deadline:
                raise DevDbError(
                    f"PostgreSQL did not start ({_last_line(log)}): see {self._where.log}; "
                    f"`rm -r {self._where.home}` starts afresh, without its data."
                )

    def _comes_up(self, command: list[str], deadline: float) -> bool:
        try:
            log = self._where.log.open("wb")
        except OSError as error:
            raise unwritable(self._where.log, error) from error
        with log:
            started = self._postmaster.launch(command, self._where.account, log)
        while not self._answers():
            if started.poll() is not None or time.monotonic() > deadline:
                self._postmaster.stop()
                return False
            time.sleep(_PAUSE_SECONDS)
        return True

    def _answers_in_time(self) -> bool:
        """Return whether a server answers; a busy one gets time, because others may use it."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._answers():
            reachable = (self._where.sockets / SOCKET).exists()
            if not (reachable and self._postmaster.runs()) or time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_SECONDS)
        return True

    def _answers(self) -> bool:
        if not (self._where.sockets / SOCKET).exists():
            return False
        try:
            roles.connect(self._where.sockets, "postgres").close()
        except psycopg.OperationalError:
            return False
        return True


def _quoted(folder: Path) -> str:
    """Return a folder as one element of a list setting, which separates by commas."""
    doubled = str(folder).replace('"', '""')
    return f'"{doubled}"'


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if "LOG:" not in line]
    telling = [line for line in lines if "FATAL:" in line or "error:" in line]
    return (telling or lines or ["it printed nothing"])[-1]

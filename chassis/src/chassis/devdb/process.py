"""The server's process: which one it is, starting and stopping it."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from chassis.devdb.errors import DevDbError
from chassis.devdb.place import SOCKET, Account

_PAUSE_SECONDS = 0.01
# fast: roll back and checkpoint; immediate: recover at the next start
_SIGNALS = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 2.0))


def run_as(account: Account | None, *command: str) -> tuple[int, str, str]:
    """Run `command` to its end, as `account` if given; return exit code, output and errors.

    Raises DevDbError when it cannot be started.
    """
    started = start(account, command, subprocess.PIPE, subprocess.PIPE)
    output, errors = started.communicate()
    return started.returncode, output.decode(errors="replace"), errors.decode(errors="replace")


def start(
    account: Account | None, command: Sequence[str], out: IO[bytes] | int, err: IO[bytes] | int
) -> "subprocess.Popen[bytes]":
    """Start `command` in a session of its own, so that Ctrl-C in this terminal does not reach it.

    Raises DevDbError when that is impossible.
    """
    try:
        return subprocess.Popen(  # noqa: S603 - a list, never a shell
            command,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            env=_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    except OSError as error:
        user = f" as the user {account.name}" if account else ""
        raise DevDbError(
            f"{command[0]} could not be run{user} ({error.strerror or error}): work as an ordinary "
            "user, or set DATABASE_URL to a PostgreSQL you have."
        ) from error


class Postmaster:
    """The main process of the server on one data directory."""

    def __init__(self, data: Path, sockets: Path) -> None:
        """Touch nothing."""
        self._data = data
        self._sockets = sockets
        self._pid_file = data / "postmaster.pid"
        self._ours: subprocess.Popen[bytes] | None = None

    def launch(
        self, command: Sequence[str], account: Account | None, log: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        """Start the server; its output goes to `log`."""
        self._ours = start(account, command, log, log)
        return self._ours

    def runs(self) -> bool:
        """Return whether the server's process is alive."""
        pid = self._pid()
        return pid is not None and self._is_server(pid)

    def stop(self) -> None:
        """End the server and wait for it; delete the files that a dead server left.

        They name a process id. After a crash another process may have that id, and PostgreSQL
        would refuse to start.
        """
        pid = self._pid()
        for number, patience in _SIGNALS:
            if pid is None or not self._is_server(pid):
                break
            _send(pid, number)
            self._wait(pid, patience)
        self._reap()
        for left in (self._pid_file, self._sockets / SOCKET, self._sockets / f"{SOCKET}.lock"):
            left.unlink(missing_ok=True)

    def _pid(self) -> int | None:
        if self._ours and self._ours.poll() is None:
            return self._ours.pid
        try:
            return int(self._pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _is_server(self, pid: int) -> bool:
        """Return whether `pid` is a live process on this data directory, and no zombie."""
        if self._ours and self._ours.pid == pid:
            return self._ours.poll() is None
        words = _command_line(pid)
        return len(words) > 1 and Path(words[0]).name == "postgres" and str(self._data) in words

    def _wait(self, pid: int, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self._is_server(pid) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def _reap(self) -> None:
        if self._ours:
            self._ours.wait()
            self._ours = None


def _command_line(pid: int) -> list[str]:
    """Return the command line of a process; empty for a dead one."""
    proc = Path("/proc", str(pid), "cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return [os.fsdecode(word) for word in proc.read_bytes().split(b"\0")]
        except OSError:
            return []
    shown = run_as(None, "ps", "-ww", "-o", "command=", "-p", str(pid))[1]
    # macOS shows one line; the data directory, which may contain spaces, follows -D
    head, _, rest = shown.strip().partition(" -D ")
    return [head, rest.partition(" -c ")[0]]


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _environment() -> dict[str, str]:
    """Return the environment without variables that change the server (PGDATA, LC_ALL …)."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZDIR")
    return {"LC_ALL": "C", **{name: os.environ[name] for name in kept if name in os.environ}}

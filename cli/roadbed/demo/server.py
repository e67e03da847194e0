"""A service running in development, as a child in a process group of its own."""

import http.client
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roadbed import terminal
from roadbed.errors import CouldNotRunError

READY_SECONDS = 120.0
# Signals and seconds to wait: Ctrl-C first, then the stronger ones.
_STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
_TAIL = 25
_READY = "ready"


@dataclass(frozen=True)
class Server:
    """The running child: its ports by half, and the file that its output goes to."""

    child: "subprocess.Popen[bytes]"
    ports: Mapping[str, int]
    log: Path

    def url(self, half: str) -> str:
        """Return the base URL of a half."""
        return f"http://127.0.0.1:{self.ports[half]}"

    def wait_ready(self, halves: Sequence[str]) -> None:
        """Wait until every half is ready; raises CouldNotRunError when one is not in time."""
        deadline = time.monotonic() + READY_SECONDS
        for half in halves:
            while (answer := _readiness(self.ports[half])) != _READY:
                if self.child.poll() is not None:
                    raise CouldNotRunError(
                        f"The server ended while it was starting (exit code "
                        f"{self.child.returncode}): see its last lines above."
                    )
                if time.monotonic() > deadline:
                    raise CouldNotRunError(
                        f"The {half} half was not ready after {READY_SECONDS:.0f} seconds "
                        f"({answer}): see the server's last lines above."
                    )
                time.sleep(0.25)


def free_ports(names: Sequence[str]) -> dict[str, int]:
    """Return a free port for each name."""
    sockets = {name: socket.socket() for name in names}
    try:
        for held in sockets.values():
            held.bind(("127.0.0.1", 0))
        return {name: held.getsockname()[1] for name, held in sockets.items()}
    finally:
        for held in sockets.values():
            held.close()


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    ports: Mapping[str, int],
    log: Path,
) -> Iterator[Server]:
    """Run `command` in `folder`, and end its whole process group after the block.

    When the block raises, the tail of the log is shown.
    """
    with log.open("wb") as sink:
        child = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(child, ports, log)
    except Exception:
        _show_tail(command, log)
        raise
    finally:
        with uninterrupted():
            _stop(child)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no signal break off the cleaning up; a second Ctrl-C would leave a database running."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [signal.Signals[name] for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(child: "subprocess.Popen[bytes]") -> None:
    for number, patience in _STOP_SIGNALS:
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        if _until(lambda: _gone(child), patience):
            return


def _gone(child: "subprocess.Popen[bytes]") -> bool:
    child.poll()
    try:
        os.killpg(child.pid, 0)
    except ProcessLookupError:
        return True
    return False


def _until(fact: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.05)
    return fact()


def _readiness(port: int) -> str:
    """Return _READY when `/readyz` answers 200, else the error or the answer's body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    else:
        return _READY if answer.status == http.client.OK else body
    finally:
        connection.close()


def _show_tail(command: Sequence[str], log: Path) -> None:
    terminal.note(f"The last lines of `{shlex.join(command)}`:")
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]:
        terminal.note(f"  {line}")

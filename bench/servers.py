"""The sides: each is a separate server with one worker, and another process drains its log."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")
_LOSSES = ("spans_dropped", "spans_lost", "log lines dropped")
_START_SECONDS = 60


@dataclass
class Side:
    """One way to serve the endpoints."""

    name: str
    application: str
    environment: dict[str, str]
    server: tuple[str, ...] = ("--interface", "asgi")
    header: str = "Authorization"
    """The header whose value is a line of the callers' files."""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    drain: subprocess.Popen[bytes] | None = None
    losses: Path = field(default_factory=Path)
    served: int = 0

    def start(self, folder: Path) -> None:
        """Start the server and wait until it answers."""
        self.port = free_port()
        self.losses = folder / f"{self.name.replace(' ', '-')}.losses"
        command = [sys.executable, "-m", "granian", *self.server, "--host", "127.0.0.1"]
        command += ["--port", str(self.port), self.application]
        self.process = subprocess.Popen(
            command, env={**os.environ, **self.environment}, stdout=subprocess.PIPE
        )
        patterns = [part for text in _LOSSES for part in ("-e", text)]
        with self.losses.open("wb") as kept:
            # reads the whole log and keeps the lines that report a loss
            self.drain = subprocess.Popen(
                ["grep", "-a", "-F", *patterns], stdin=self.process.stdout, stdout=kept
            )
        wait_for(f"http://127.0.0.1:{self.port}/bench/hello", self.process)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the server's processes used so far."""
        assert self.process is not None  # noqa: S101 - it was started
        return sum(_used(pid) for pid in _tree(self.process.pid))

    def stop(self) -> str:
        """Stop as an orchestrator does; return the log lines that report losses."""
        assert self.process is not None  # noqa: S101 - it was started
        assert self.drain is not None  # noqa: S101 - it was started
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.process.stdout:
            self.process.stdout.close()
        self.drain.wait(10)
        return self.losses.read_text(encoding="utf-8")

    def load(
        self, endpoint: "Endpoint", tokens: Path, *, seconds: float, pause: int = 0, offset: int = 0
    ) -> dict[str, Any]:
        """Run wrk once; return its figures and the CPU microseconds of one request."""
        given = {"LOAD_PATH": endpoint.path, "LOAD_METHOD": endpoint.method}
        given |= {
            "LOAD_TOKENS": str(tokens),
            "LOAD_OFFSET": str(offset),
            "LOAD_HEADER": self.header,
        }
        given |= {"LOAD_BODY": endpoint.body} if endpoint.body else {}
        given |= {"LOAD_PAUSE_MS": str(pause)} if pause else {}
        script = str(Path(__file__).with_name("load.lua"))
        command = ["wrk", "-t1", "-c32", f"-d{seconds:g}s", "--timeout", "10s", "-s", script]
        before = self.cpu_seconds()
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{self.port}"],
            env={**os.environ, **given},
            capture_output=True,
            check=True,
            text=True,
        )
        used = self.cpu_seconds() - before
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        self.served += found["requests"]
        return {**found, "cpu": used * 1e6 / max(found["requests"], 1)}


@dataclass(frozen=True)
class Endpoint:
    """A measured endpoint and its request."""

    name: str
    path: str
    method: str = "GET"
    body: str = ""


def free_port() -> int:
    """Return an unused port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until `address` answers.

    Raises RuntimeError when the process ends first, or after a minute.
    """
    deadline = time.monotonic() + _START_SECONDS
    request = urllib.request.Request(address, headers={"X-Forwarded-Proto": "https"})  # noqa: S310
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=2):  # noqa: S310 - a server of ours
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{address} does not answer: see the output above.")


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def _used(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    """Return the fields of a process's state from its third on; an empty list if it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []

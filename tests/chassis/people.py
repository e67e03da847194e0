"""People with a home, a cache and a checkout, who run processes on a development database."""

import json
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

CHILD = Path(__file__).parent / "core" / "devdb_child.py"
NOBODY = pwd.getpwnam("nobody")
PEOPLE = ["root", "ordinary"] if os.geteuid() == 0 else ["myself"]


@dataclass
class Person:
    """Somebody with a home, a cache and a checkout, who runs processes."""

    uid: int
    gid: int
    home: Path
    checkout: Path
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def cache(self) -> Path:
        """The cache directory that the environment names."""
        return self.home / "cache"

    @property
    def database(self) -> Path:
        """The folder of the only database in the cache."""
        (found,) = (self.cache / "roadbed" / "databases").iterdir()
        return found

    def environment(self, **more: str | None) -> dict[str, str]:
        """A bare environment; None takes a variable away."""
        kept = {
            name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
        }
        chosen = {
            **kept,
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.cache),
            "ENVIRONMENT": "development",
            **more,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def own(self, path: Path) -> Path:
        """Make ``path`` theirs."""
        os.chown(path, self.uid, self.gid)
        return path

    def start(
        self, verb: str, checkout: Path | None = None, **more: str | None
    ) -> subprocess.Popen[str]:
        """Start a process of theirs in the checkout."""
        other = self.uid != os.geteuid()
        child = subprocess.Popen(
            [sys.executable, str(CHILD), verb],
            cwd=checkout or self.checkout,
            env=self.environment(**more),
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def hold(self, **more: str | None) -> tuple[subprocess.Popen[str], int]:
        """Start a process that keeps the server; give it and the server's process id."""
        child = self.start("hold", None, **more)
        assert child.stdout
        line = child.stdout.readline()
        assert line, child.stderr.read() if child.stderr else ""
        return child, int(line)

    def look(self, checkout: Path | None = None, **more: str | None) -> dict[str, object]:
        """Start the server, look around, leave; give what was seen."""
        output, errors = self.start("look", checkout, **more).communicate(timeout=100)
        assert output, errors
        seen = json.loads(output)
        assert isinstance(seen, dict)
        return seen

    def fails(self, **more: str | None) -> str:
        """Try to start the server; give the sentence of the error."""
        child = self.start("look", None, **more)
        output, errors = child.communicate(timeout=100)
        assert (output, child.returncode) == ("", 3), errors
        return errors


def leave(child: subprocess.Popen[str]) -> None:
    """Let a holding process leave in order."""
    _, errors = child.communicate("\n", timeout=60)
    assert child.returncode == 0, errors


def is_running(pid: int) -> bool:
    """Say whether a process is alive (and not the rest of one)."""
    status = Path("/proc", str(pid), "stat")
    if Path("/proc/self/stat").exists():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait up to five seconds for ``condition``."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()

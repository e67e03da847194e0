"""Find a Python that can run a generated service: 3.13 if there is one, else 3.12 or newer.

It imports only the standard library, because `bootstrap.py` loads this file by its path. uv does
not see every interpreter (pyenv's are hidden unless they are the global one), so the usual places
are searched too, and each candidate is run to ask for its version, because a name can be wrong.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MINIMUM = (3, 12)
PREFERRED = (3, 13)
_PLACES = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/opt/local/bin")
_ASK = (
    "import sys; v = sys.version_info; "
    "print(sys.implementation.name, v.releaselevel, v.major, v.minor)"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that was run: its executable and its (major, minor)."""

    path: str
    version: tuple[int, int]


def request(uv: str) -> str:
    """Return the value for uv's `--python`: a path, or a version for uv to download."""
    interpreter = find(uv)
    return interpreter.path if interpreter else ".".join(map(str, PREFERRED))


def find(uv: str) -> Interpreter | None:
    """Return the best interpreter on this machine, or None; `uv` is the path of uv."""
    best: Interpreter | None = None
    for path in _candidates(uv):
        interpreter = ask(path)
        if interpreter is None or interpreter.version < MINIMUM:
            continue
        if interpreter.version == PREFERRED:
            return interpreter
        # else the oldest supported version: most packages have wheels for it
        if best is None or interpreter.version < best.version:
            best = interpreter
    return best


def ask(path: str) -> Interpreter | None:
    """Run the interpreter at `path`; returns None unless it is a released CPython that runs."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", _ASK], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    if done.returncode or words[:2] != ["cpython", "final"]:
        return None
    return Interpreter(path, (int(words[2]), int(words[3])))


def _candidates(uv: str) -> Iterator[str]:
    seen: set[str] = set()
    for path in _places(uv):
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            yield path


def _places(uv: str) -> Iterator[str]:
    yield from _known_to_uv(uv, PREFERRED)
    yield from _pyenv()
    yield from _on_path()
    yield sys.executable
    yield from _known_to_uv(uv, MINIMUM)


def _known_to_uv(uv: str, version: tuple[int, int]) -> list[str]:
    wanted = f">={version[0]}.{version[1]}" + (
        f",<{version[0]}.{version[1] + 1}" if version == PREFERRED else ""
    )
    command = [uv, "python", "find", "--no-project", "--system", "--no-python-downloads", wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split("\n")[:1] if done.returncode == 0 else []


def _pyenv() -> list[str]:
    root = os.environ.get("PYENV_ROOT")
    versions = (Path(root) if root else Path.home() / ".pyenv") / "versions"
    return sorted(str(path) for path in versions.glob("3.1[2-9]*/bin/python"))


def _on_path() -> Iterator[str]:
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *_PLACES])
    for minor in (13, 12, 14, 15):
        path = shutil.which(f"python3.{minor}", path=folders)
        if path:
            yield path

"""The uv that does the work, and the environment in which a service's own commands run."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from roadbed.errors import CouldNotRunError
from roadbed.toolchain import interpreters

# An active environment of ours would make uv warn about, or use, the wrong one.
_OURS = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "UV_RUN_RECURSION_DEPTH")


def find() -> str:
    """uv's path: the one that runs us, on PATH, beside our interpreter, or put by bootstrap.py."""
    beside = Path(sys.executable).parent
    tools = Path(__file__).resolve().parents[3] / ".tools" / "bin"
    found = (
        shutil.which(os.environ.get("UV") or "uv")
        or shutil.which("uv")
        or shutil.which("uv", path=os.pathsep.join([str(beside), str(tools)]))
    )
    if not found:
        raise CouldNotRunError(
            "uv is not on PATH: install it (`pip install uv` does), or add --no-install and "
            "run the printed commands where it is."
        )
    return found


def environment(uv: str) -> dict[str, str]:
    """The environment for commands of a generated service: a Python that fits, and uv on PATH."""
    env = {key: value for key, value in os.environ.items() if key not in _OURS}
    env["UV_PYTHON"] = interpreters.request(uv)
    if not shutil.which("uv"):
        env["PATH"] = os.pathsep.join([env.get("PATH", os.defpath), str(Path(uv).parent)])
    return env


def path_commands() -> list[str]:
    """What a user types before commands with `uv`: nothing where uv is on PATH.

    A full path instead of `uv` would not do: the service's recipes call uv as well.
    """
    if shutil.which("uv"):
        return []
    try:
        folder = Path(find()).parent
    except CouldNotRunError:  # --no-install works without uv
        return []
    return [f'export PATH="$PATH:"{shlex.quote(str(folder))}']


def lock(folder: Path) -> str:
    """Run `uv lock` in the folder of a service; returns what went wrong in a line, or nothing."""
    try:
        program = find()
        ran = subprocess.run(
            [program, "lock", "--quiet"],
            cwd=folder,
            env=environment(program),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except CouldNotRunError as error:
        return str(error)
    lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
    return (lines or ["uv failed"])[0] if ran.returncode else ""

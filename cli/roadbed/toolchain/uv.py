"""The path of uv, and the environment for the commands of a service."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from roadbed.errors import CouldNotRunError
from roadbed.toolchain import interpreters

# Roadbed's own active environment would make uv warn, or use the wrong environment.
_OWN_ENVIRONMENT = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "UV_RUN_RECURSION_DEPTH")


def find() -> str:
    """Return uv's path: from UV, PATH, the interpreter's folder, or bootstrap.py's folder."""
    scripts = Path(sys.executable).parent
    tools = Path(__file__).resolve().parents[3] / ".tools" / "bin"
    program = (
        shutil.which(os.environ.get("UV") or "uv")
        or shutil.which("uv")
        or shutil.which("uv", path=os.pathsep.join([str(scripts), str(tools)]))
    )
    if not program:
        raise CouldNotRunError(
            "uv is not on PATH: install it (`pip install uv` does), or add --no-install and "
            "run the printed commands on a machine that has it."
        )
    return program


def environment(uv: str) -> dict[str, str]:
    """Return the environment for a service's commands: a supported Python, and uv on PATH."""
    env = {key: value for key, value in os.environ.items() if key not in _OWN_ENVIRONMENT}
    env["UV_PYTHON"] = interpreters.request(uv)
    if not shutil.which("uv"):
        env["PATH"] = os.pathsep.join([env.get("PATH", os.defpath), str(Path(uv).parent)])
    return env


def path_commands() -> list[str]:
    """Return the commands that put uv on PATH, or none where it is there.

    A full path instead of `uv` is not enough, because the service's recipes call uv as well.
    """
    if shutil.which("uv"):
        return []
    try:
        folder = Path(find()).parent
    except CouldNotRunError:  # --no-install works without uv
        return []
    return [f'export PATH="$PATH:"{shlex.quote(str(folder))}']


def lock(folder: Path) -> str:
    """Run `uv lock` in the folder of a service; returns the error in one line, or nothing."""
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

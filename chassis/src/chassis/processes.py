"""The tools of a service's halves, run as processes of their own in the service's folder."""

import subprocess
import sys
from typing import TextIO

from chassis.service import Half, Service

PYTHON = sys.executable
_NOT_FOUND = 127
_TOOLS: dict[Half, list[str]] = {
    "web": [PYTHON, "manage.py"],
    "api": [PYTHON, "-m", "alembic"],
}


class CommandFailedError(Exception):
    """A tool failed and printed the reason itself; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        """Keep the exit code; a signal counts as 128 and its number, as in a shell."""
        super().__init__(f"exit code {code}")
        self.code = code if code >= 0 else 128 - code


def tool(half: Half, *arguments: str) -> list[str]:
    """Return the command that runs `manage.py` or `alembic` with `arguments`."""
    return [*_TOOLS[half], *arguments]


def run(service: Service, *command: str, output: TextIO | None = None) -> None:
    """Run `command` to its end; `output` replaces its standard output.

    Raises CommandFailedError when it fails or does not exist.
    """
    try:
        done = subprocess.run(command, cwd=service.root, stdout=output, check=False)  # noqa: S603
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run ({error.strerror}): check its name.\n")
        raise CommandFailedError(_NOT_FOUND) from error
    if done.returncode:
        raise CommandFailedError(done.returncode)


def service_command(service: Service, half: Half, name: str, *arguments: str) -> list[str]:
    """Return the service's own command `name`: `manage.py NAME` in Django, the module
    `api.NAME` in an API, empty where it has no such module."""
    if half == "web":
        return tool("web", name, *arguments)
    if not (service.root / "api" / f"{name}.py").is_file():
        return []
    return [PYTHON, "-m", f"api.{name}", *arguments]

"""Checkouts of this repository on a bare machine."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = """#!/bin/sh
echo "$@" >> "$CALLS"
pwd > "${CALLS%calls}cwd"
echo "$PATH" > "${CALLS%calls}path"
echo "$PYTHONDONTWRITEBYTECODE" > "${CALLS%calls}uncompiled"
case "$*" in
  *"${FAILS:-nothing}"*) exit "${CODE:-1}" ;;
  *"${HANGS:-nothing}"*) exec sleep 60 ;;
esac
exit 0
"""


@dataclass(frozen=True)
class Clone:
    """A checkout with bootstrap.py and a uv that only writes down what it is asked."""

    folder: Path
    path: Path
    python: str = sys.executable

    def run(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run bootstrap.py to its end, from the checkout."""
        return self.run_in(self.folder, *arguments, **env)

    def run_in(
        self, folder: Path, *arguments: str, **env: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run bootstrap.py to its end, from another folder."""
        return subprocess.run(
            self.command(*arguments),
            cwd=folder,
            env=self.environment(**env),
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        return [self.python, str(self.folder / "bootstrap.py"), *arguments]

    def environment(self, **env: str) -> dict[str, str]:
        """The environment of the command; the fake uv reads FAILS, CODE and HANGS."""
        fake = {"CALLS": str(self.folder / "calls"), "FAILS": "", "HANGS": ""}
        inherited = {key: value for key, value in os.environ.items() if key != "UV"}
        return {**inherited, **fake, "PATH": str(self.path), **env}

    @property
    def calls(self) -> list[str]:
        """What uv was asked to do, interpreters aside."""
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if not line.startswith("python find")]


def put(folder: Path, name: str, text: str) -> None:
    """Write an executable."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)

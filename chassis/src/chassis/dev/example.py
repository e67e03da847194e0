"""`python -m chassis drop-example`: the example goes, the platform stays."""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from chassis import devdb, migrate, processes
from chassis.errors import UserError
from chassis.service import Half, Service

_README = "README.md"
_TOLD = re.compile(r"<!-- example -->.*?<!-- /example -->\n*", re.DOTALL)


def run(service: Service, options: argparse.Namespace) -> None:
    """Remove the example and say what went, and what remains to be typed. Raises as `drop`."""
    del options
    folders = [str(folder.relative_to(service.root)) for folder in drop(service)]
    if not folders:
        _say("The example is gone already.")
        return
    _say(
        f"Removed {', '.join(folders)}; commit it: git add -A && git commit -m 'Drop the example'."
    )
    own = " and ".join(f"{name}_*" for name in service.example.values())
    _say(
        f"Other environments keep the example's tables ({own}) when they migrate: to be rid of "
        "them, run DROP TABLE there once this is deployed."
    )


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


def drop(service: Service) -> list[Path]:
    """Take the example out of the development database, delete its folders and what `README.md`
    tells of it between `<!-- example -->` and `<!-- /example -->`, write the generated files
    again; return the folders that went.

    Raises UserError when one of them holds work that version control does not have.
    """
    examples = {
        half: service.example[half]
        for half in service.halves
        if half in service.example and (service.root / half / service.example[half]).is_dir()
    }
    folders = [folder for item in examples.items() for folder in _folders(service, *item)]
    if not folders:
        return []
    readme = service.root / _README
    _check_committed(service, [*folders, readme])
    with devdb.available(service):
        migrate.upgrade(service, *examples)
        for half, name in examples.items():
            processes.run(service, *_downgrade(half, name))
    for folder in folders:
        shutil.rmtree(folder)
    if readme.is_file():
        readme.write_text(_TOLD.sub("", readme.read_text("utf-8")), "utf-8")
    # in a process of its own: the settings may have been read with the example in place
    processes.run(service, processes.PYTHON, "-m", "chassis", "generate")
    return folders


def _folders(service: Service, half: Half, name: str) -> list[Path]:
    candidates = [Path(half, name), Path("tests", half, name)]
    return [service.root / item for item in candidates if (service.root / item).is_dir()]


def _downgrade(half: Half, name: str) -> list[str]:
    if half == "web":
        return processes.tool("web", "drop_app", name)
    return processes.tool("api", "downgrade", f"{name}@base")


def _check_committed(service: Service, folders: list[Path]) -> None:
    done = subprocess.run(  # noqa: S603 - a list, never a shell
        ["git", "status", "--porcelain", "--", *map(str, folders)],  # noqa: S607 - git is on PATH
        cwd=service.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(
            "The example would be gone for good, because this folder is not under version control: "
            "run `git init && git add -A && git commit -m 'Start'` first."
        )
    if changed := done.stdout.split():
        raise UserError(
            f"The example holds changes that are not committed ({changed[-1]}): commit or discard "
            "them first."
        )

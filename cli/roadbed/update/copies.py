"""Copies of template files in git's folder, for the team to compare or to copy."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from roadbed.errors import write_error
from roadbed.git.repository import Repository

_DIFF = ("git", "diff", "--no-index")


def keep_copies(files: Mapping[str, bytes], repository: Repository) -> list[str]:
    """Write the plan's files to a private folder, and return the commands to compare or copy them.

    The command compares a file that exists, and copies a missing file or a missing folder. Raises
    CouldNotRunError when the files cannot be written.
    """
    copies = _write(repository, "plan", files)
    commands = dict.fromkeys(_command(path, repository.folder, copies) for path in sorted(files))
    return [*repository.cd_commands(), *commands] if commands else []


def keep_both_versions(
    files: Mapping[str, tuple[bytes, bytes]], repository: Repository
) -> list[str]:
    """Write the files of two versions; returns the commands that show the difference."""
    old = _write(repository, "old", {path: before for path, (before, _) in files.items()})
    new = _write(repository, "new", {path: after for path, (_, after) in files.items()})
    commands = [shlex.join([*_DIFF, str(old / path), str(new / path)]) for path in files]
    return [*repository.cd_commands(), *commands] if commands else []


def _write(repository: Repository, name: str, files: Mapping[str, bytes]) -> Path:
    """Replace a private folder by these files; returns its path relative to the service."""
    copies = repository.private_folder / name
    try:
        shutil.rmtree(copies, ignore_errors=True)
        for path, content in files.items():
            (copies / path).parent.mkdir(parents=True, exist_ok=True)
            (copies / path).write_bytes(content)
    except OSError as error:
        raise write_error(error, str(copies)) from error
    return Path(os.path.relpath(copies, repository.folder))


def _command(path: str, folder: Path, copies: Path) -> str:
    missing = _missing(path, folder)
    if not missing:
        return shlex.join([*_DIFF, path, str(copies / path)])
    if missing == path:
        return shlex.join(["cp", str(copies / path), path])
    return shlex.join(["cp", "-R", str(copies / missing), missing])


def _missing(path: str, folder: Path) -> str:
    """Return the outermost part of the path that the folder does not have, or nothing."""
    parts = (path, *map(str, PurePosixPath(path).parents[:-1]))
    return next((part for part in reversed(parts) if not (folder / part).exists()), "")

"""What a plan has where the team's own stays: kept in git's folder, to be compared or copied."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from roadbed.errors import write_error
from roadbed.git.repository import Repository

_DIFF = ("git", "diff", "--no-index")


def keep_copies(files: Mapping[str, bytes], repository: Repository) -> list[str]:
    """Write the plan's files to a folder that no update reaches; returns what to type to see them.

    A file that is there is compared, what is not can be copied: a whole folder, where none of it
    is there. Raises CouldNotRunError when the machine cannot write.
    """
    copies = _write(repository, "plan", files)
    commands = dict.fromkeys(_command(path, repository.folder, copies) for path in sorted(files))
    return [*repository.cd_commands(), *commands] if commands else []


def keep_both_versions(
    files: Mapping[str, tuple[bytes, bytes]], repository: Repository
) -> list[str]:
    """The same with what two versions have; returns what to type to see the difference."""
    old = _write(repository, "old", {path: before for path, (before, _) in files.items()})
    new = _write(repository, "new", {path: after for path, (_, after) in files.items()})
    commands = [shlex.join([*_DIFF, str(old / path), str(new / path)]) for path in files]
    return [*repository.cd_commands(), *commands] if commands else []


def _write(repository: Repository, name: str, files: Mapping[str, bytes]) -> Path:
    """Write files to a folder of ours, and nothing else; returns its path from the service's."""
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
    """The outermost part of the path that is not in the folder, or nothing."""
    parts = (path, *map(str, PurePosixPath(path).parents[:-1]))
    return next((part for part in reversed(parts) if not (folder / part).exists()), "")

"""Writing git's index in one step, under git's own lock."""

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from roadbed.errors import CouldNotRunError
from roadbed.git.command import git_output, run_git
from roadbed.git.objects import Entry, index_lines
from roadbed.git.repository import Repository


def require_free_index(repository: Repository) -> None:
    """Raise CouldNotRunError while another git command holds the index."""
    if _lock(repository).exists():
        raise _busy(repository)


def clear_index_lock(repository: Repository) -> None:
    """Remove the files of a killed process of ours; call only while no other can be running."""
    draft = _draft(repository)
    with contextlib.suppress(FileNotFoundError):
        if (
            draft.samefile(_lock(repository))
            or draft.read_bytes() == _lock(repository).read_bytes()
        ):
            _lock(repository).unlink()
    for stale in repository.private_folder.glob("index*"):
        stale.unlink()


def write_index(repository: Repository, stages: Iterable[tuple[str, str, Entry | None]]) -> None:
    """Add these entries (path in the service, stage, entry) to the index.

    The new index is written to another file and takes its place as git's own commands do it: a
    process that finds `index.lock` has to wait.
    """
    draft = _draft(repository)
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(repository.git_dir / "index", draft)
    env = {"GIT_INDEX_FILE": str(draft)}
    root = Path(run_git("rev-parse", "--show-toplevel", cwd=repository.folder))
    quiet = ("-c", f"core.hooksPath={os.devnull}")
    lines = index_lines(
        (f"{repository.prefix}{path}", stage, entry) for path, stage, entry in stages
    )
    update = (*quiet, "update-index", "-z", "--index-info")
    git_output(*update, cwd=root, env=env, stdin=lines)
    refresh = (*quiet, "update-index", "-q", "--unmerged", "--refresh")
    git_output(*refresh, cwd=root, env=env, fine={0, 1})
    try:
        _link(draft, _lock(repository))
    except FileExistsError as error:
        raise _busy(repository) from error
    _lock(repository).replace(repository.git_dir / "index")
    draft.unlink()  # not earlier: `clear_index_lock` recognizes our stale lock by this file


def _link(draft: Path, lock: Path) -> None:
    """Make the lock contain the new index; raise FileExistsError when another process has it."""
    try:
        os.link(draft, lock)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with lock.open("xb") as file:
            file.write(draft.read_bytes())


def _draft(repository: Repository) -> Path:
    return repository.private_folder / "index"


def _lock(repository: Repository) -> Path:
    return repository.git_dir / "index.lock"


def _busy(repository: Repository) -> CouldNotRunError:
    return CouldNotRunError(
        f"Another git command is running ({_lock(repository)} exists): wait for it, or remove "
        "the file if that command was killed, and run the same command again."
    )

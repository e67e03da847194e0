"""One writer at a time in a work tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from roadbed.errors import CouldNotRunError


@contextmanager
def hold_lock(private_folder: Path, folder: Path) -> Iterator[None]:
    """Hold the lock in `private_folder` (our folder inside git's) while writing in `folder`.

    Raises CouldNotRunError while another process holds it, or when it cannot be created. The system
    releases the lock when its holder dies.
    """
    lock = filelock.FileLock(private_folder / "lock", timeout=0)
    try:
        private_folder.mkdir(exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise CouldNotRunError(
            f"Another roadbed command is writing in {folder}: wait until it has finished."
        ) from error
    except OSError as error:
        raise CouldNotRunError(
            f"{private_folder} cannot be written ({(error.strerror or str(error)).lower()}): make "
            "it writable, and run the same command again."
        ) from error
    try:
        yield
    finally:
        lock.release()

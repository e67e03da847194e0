"""One writer at a time in a work tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from roadbed.errors import CouldNotRunError


@contextmanager
def held(room: Path, folder: Path) -> Iterator[None]:
    """Hold the lock in `room`, our folder inside git's, for writing in the service's `folder`.

    Raises CouldNotRunError while another process has it, or where it cannot be taken. The system
    drops the lock when its holder dies.
    """
    lock = filelock.FileLock(room / "lock", timeout=0)
    try:
        room.mkdir(exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise CouldNotRunError(
            f"Another roadbed command is writing in {folder}: wait until it has ended."
        ) from error
    except OSError as error:
        raise CouldNotRunError(
            f"{room} cannot be written ({(error.strerror or str(error)).lower()}): make it "
            "writable, and run the same command again."
        ) from error
    try:
        yield
    finally:
        lock.release()

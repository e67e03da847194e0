"""File locks, which the kernel releases when their process dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.devdb.errors import DevDbError
from chassis.devdb.place import unwritable

_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.01


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a lock file. Closing it releases the lock; child processes do not inherit it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` exclusively, waiting for other processes.

    Raises DevDbError after two minutes.
    """
    with opened(path) as descriptor:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not try_exclusive(descriptor):
            if time.monotonic() > deadline:
                raise DevDbError(
                    f"Another process has been starting or stopping the development database for "
                    f"two minutes (it holds {path}): end it and try again."
                )
            time.sleep(_PAUSE_SECONDS)
        yield


def share(descriptor: int) -> None:
    """Take a shared lock on a file."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def try_exclusive(descriptor: int) -> bool:
    """Turn a lock into an exclusive one if no other process holds the file; return whether."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

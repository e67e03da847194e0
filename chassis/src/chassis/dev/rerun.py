"""``python -m chassis.dev.rerun FOLDER COMMAND…``: a command that starts anew with each saved file.

The command of watchfiles does as much, and when it is stopped speaks of signals and tracebacks.
"""

import signal
import subprocess
import sys
from threading import Event
from types import FrameType

from watchfiles import PythonFilter, watch

# less than `just up` has with us
_PATIENCE_SECONDS = 4


def run(folder: str, command: list[str]) -> None:
    """Run ``command``, again after every change of a Python file below ``folder``, until SIGTERM or
    SIGINT. One that ends by itself waits for the next change."""
    told = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    child = subprocess.Popen(command)  # noqa: S603 - ours
    for _ in watch(folder, watch_filter=PythonFilter(), stop_event=told):
        _end(child)
        child = subprocess.Popen(command)  # noqa: S603 - ours
    _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])

"""`python -m chassis.dev.rerun FOLDER COMMAND…`: restart a command when a file is saved.

The command of watchfiles does this too, but prints signals and tracebacks when it is stopped.
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
    """Run `command`, and again after every change of a Python file below `folder`.

    A command that ends by itself waits for the next change. SIGTERM or SIGINT ends all.
    """
    stopped = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    child = subprocess.Popen(command)  # noqa: S603 - ours
    for _ in watch(folder, watch_filter=PythonFilter(), stop_event=stopped):
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

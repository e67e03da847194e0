"""Standard output for a log collector: whole lines, few writes, and no waiting in requests.

Several processes write to one pipe. The kernel keeps a write of up to 4,096 bytes in one piece and
may mix larger ones; and a write to a full pipe waits for its reader. So lines gather for at most 50
ms and go out in pieces of whole lines up to that size. A thread does the writing: a reader that
stops costs log lines, which are counted, and never delays a request.
"""

import atexit
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

ATOMIC = 4096
"""The most bytes of one write that other writers cannot tear (POSIX's PIPE_BUF on Linux)."""

_GATHER_SECONDS = 0.05
_MOST_LINES = 10_000
_FLUSH_SECONDS = 2.0
_PAUSE_SECONDS = 0.001


def standard_output() -> int:
    """Return the descriptor of standard output; look it up each time because test runners replace
    it.

    Raises OSError or ValueError when it has none.
    """
    return sys.stdout.fileno()


class Output:
    """Takes lines from any thread and writes them in the order in which they came.

    Killed without warning (`kill -9`) it loses what came in the last 50 ms.
    """

    def __init__(
        self,
        descriptor: Callable[[], int] = standard_output,
        *,
        lost: Callable[[int], bytes] = lambda lines: b"%d lines were lost\n" % lines,
        gather_seconds: float = _GATHER_SECONDS,
    ) -> None:
        """Write to what `descriptor` returns; `lost` makes the line that says how many lines
        found no room."""
        self._descriptor = descriptor
        self._lost = lost
        self._gather_seconds = gather_seconds
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.flush)

    def _begin(self) -> None:
        """Start empty; in a forked child the lines of before are its parent's to write."""
        self._lines: deque[bytes] = deque()
        self._dropped = 0
        self._awake = False
        self._writing = False
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._writer: threading.Thread | None = None

    def write(self, line: bytes, *, urgent: bool = False) -> None:
        """Take one line that ends in a line break; an urgent one goes out at once."""
        if len(self._lines) >= _MOST_LINES:
            self._dropped += 1
            return
        self._lines.append(line)
        if urgent:
            self._hurry.set()
        if not self._awake:
            self._awake = True
            if self._writer is None:
                self._start()
            self._wake.set()

    def flush(self, seconds: float = _FLUSH_SECONDS) -> None:
        """Wait until everything is written, but not for longer than `seconds`."""
        end = time.monotonic() + seconds
        while (self._lines or self._writing) and time.monotonic() < end:
            self._hurry.set()
            self._wake.set()
            time.sleep(_PAUSE_SECONDS)

    def _start(self) -> None:
        self._writer = threading.Thread(target=self._run, name="log-output", daemon=True)
        self._writer.start()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(self._gather_seconds)
            self._hurry.clear()
            self._writing = True
            # before the lines are taken: a line added from now on wakes us again
            self._awake = False
            self._drain()
            self._writing = False

    def _drain(self) -> None:
        while piece := self._take():
            self._put(piece)
            if self._dropped and len(self._lines) < _MOST_LINES:
                dropped, self._dropped = self._dropped, 0
                self._put(self._lost(dropped))

    def _take(self) -> bytes:
        """Return the next whole lines that go out together."""
        taken: list[bytes] = []
        room = ATOMIC
        while self._lines and (not taken or len(self._lines[0]) <= room):
            taken.append(self._lines.popleft())
            room -= len(taken[-1])
        return b"".join(taken)

    def _put(self, piece: bytes) -> None:
        """Write one piece, however long that takes; without a reader it is lost."""
        try:
            descriptor = self._descriptor()
            while piece:
                try:
                    piece = piece[os.write(descriptor, piece) :]
                except BlockingIOError:
                    # another process on the pipe made it non-blocking
                    select.select([], [descriptor], [])
        except (OSError, ValueError):
            return

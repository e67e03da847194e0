"""The processes that `just up` restarts when code changes."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def test_a_saved_file_starts_a_command_anew(tmp_path: Path) -> None:
    """Whatever it is told, it ends without a word: not even a command that is still starting speaks
    of signals."""
    (tmp_path / "watched").mkdir()
    program = "import time; open('started', 'a').write('x'); time.sleep(60)"
    running = subprocess.Popen(
        [sys.executable, "-m", "chassis.dev.rerun", "watched", sys.executable, "-c", program],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started = tmp_path / "started"
    try:
        assert _comes(lambda: started.exists() and started.read_text() == "x")
        # the watch may begin after the command: saved until it is seen
        assert _comes(lambda: _save(tmp_path / "watched") and "xx" in started.read_text())
    finally:
        running.terminate()
        said, _ = running.communicate(timeout=30)
    assert said == ""


def _save(folder: Path) -> bool:
    (folder / "routes.py").write_text(f"# {time.monotonic()}\n")
    time.sleep(2)
    return True


def _comes(condition: Callable[[], bool], patience: float = 60) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)
    return True

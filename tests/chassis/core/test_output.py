"""Standard output under load, with a slow reader, across forks and deaths."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis import output as module
from chassis.output import ATOMIC, Output
from conftest import make_service

HOUR = 3600.0
LINE = b'{"n": %6d, "text": "' + b"x" * 300 + b'"}\n'


@pytest.fixture
def pieces() -> Iterator[tuple[Output, socket.socket]]:
    """Give an output and a socket on which every write of it is one message."""
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with reader, writer:
        reader.settimeout(10)
        yield Output(writer.fileno, gather_seconds=HOUR), reader


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Give a pipe: where to read, where to write."""
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_lines_go_out_together_in_pieces_that_nobody_tears(
    pieces: tuple[Output, socket.socket],
) -> None:
    """Each write is of whole lines and at most what a pipe keeps whole, and is well filled."""
    output, reader = pieces
    for number in range(100):
        output.write(LINE % number)
    output.flush()
    received = [reader.recv(100_000) for _ in range(9)]
    assert b"".join(received) == b"".join(LINE % number for number in range(100))
    assert all(piece.endswith(b"\n") and len(piece) <= ATOMIC for piece in received)


def test_an_urgent_line_does_not_wait(pieces: tuple[Output, socket.socket]) -> None:
    """A failure goes out at once and takes what came before along; the rest gathers."""
    output, reader = pieces
    output.write(b"calm\n")
    reader.setblocking(False)
    with pytest.raises(BlockingIOError):
        reader.recv(100)
    reader.settimeout(10)
    output.write(b"urgent\n", urgent=True)
    assert reader.recv(100) == b"calm\nurgent\n"


def test_lines_go_out_by_themselves(pipe: tuple[int, int]) -> None:
    """Nobody has to flush, and a second batch follows the first."""
    output = Output(lambda: pipe[1])
    for text in (b"first\n", b"second\n"):
        output.write(text)
        assert os.read(pipe[0], 100) == text


def test_a_full_pipe_costs_lines_and_never_a_request(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a reader the writer gives up lines, counts them, and says so when read again."""
    monkeypatch.setattr(module, "_MOST_LINES", 500)
    output = Output(lambda: pipe[1], lost=lambda count: b'{"lost": %d}\n' % count)
    for number in range(5000):
        output.write(LINE % number)
    text = b""
    # the note of the loss comes early, after the first piece that found room again
    while text.count(b'"n"') + _lost(text) < 5000:
        text += os.read(pipe[0], 1 << 16)
    written = [json.loads(line) for line in text.splitlines()]
    numbers = [line["n"] for line in written if "n" in line]
    assert len(numbers) + _lost(text) == 5000
    assert _lost(text) > 0
    assert numbers == sorted(numbers)


def _lost(text: bytes) -> int:
    return sum(int(number) for number in re.findall(rb'"lost": (\d+)}\n', text))


def test_a_reader_that_is_gone_stops_nobody(pipe: tuple[int, int]) -> None:
    """A closed pipe swallows lines."""
    output = Output(lambda: pipe[1])
    os.close(pipe[0])
    output.write(b"nobody reads this\n", urgent=True)
    output.flush()


def test_a_non_blocking_pipe_is_waited_for(pipe: tuple[int, int]) -> None:
    """Whoever shares the pipe may have made it non-blocking; nothing is lost or torn."""
    os.set_blocking(pipe[1], False)
    output = Output(lambda: pipe[1])
    for number in range(1000):
        output.write(LINE % number)
    text = b""
    while len(text) < 1000 * len(LINE % 0):
        text += os.read(pipe[0], 1 << 16)
    assert text == b"".join(LINE % number for number in range(1000))


def _child(work: Callable[[], None]) -> int:
    with warnings.catch_warnings():
        # the writer thread; the child starts one of its own
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def test_processes_share_a_pipe_without_tearing(pipe: tuple[int, int]) -> None:
    """Four workers forked from one parent, all at once: every line arrives whole, once, and the
    parent's unwritten lines are not written again by its children."""
    output = Output(lambda: pipe[1], gather_seconds=0.001)
    output.write(LINE % 999_999)

    def work() -> None:
        for number in range(2000):
            output.write(LINE % number)
        output.flush(60)

    children = [_child(work) for _ in range(4)]
    output.flush()
    os.close(pipe[1])
    with os.fdopen(os.dup(pipe[0]), "rb") as stream:
        numbers = [json.loads(line)["n"] for line in stream]
    for child in children:
        os.waitpid(child, 0)
    assert numbers.count(999_999) == 1
    assert sorted(numbers[:])[:-1] == sorted(list(range(2000)) * 4)


PROGRAM = """
import os, signal, sys, time
from typing import ClassVar
from chassis import logs, service
from chassis.settings import ServiceSettings
class Settings(ServiceSettings):
    half: ClassVar = "web"
found = service.load()
logs.configure(Settings.load(found), found)
logs.access(status=200, method="GET", route="/", duration_ms=1)
"""


def _run(folder: Path, program: str) -> subprocess.Popen[bytes]:
    make_service(folder, "web")
    given = {"ENVIRONMENT": "production", "DATABASE_URL": "postgresql://a@h/a"}
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=folder, env=given, stdout=subprocess.PIPE
    )


def test_a_process_that_ends_leaves_nothing_behind(tmp_path: Path) -> None:
    """What gathered is written before the interpreter goes."""
    written, _ = _run(tmp_path / "s", PROGRAM).communicate(timeout=30)
    assert json.loads(written)["event"] == "request"


def test_a_process_that_is_killed_loses_the_last_moment_only(tmp_path: Path) -> None:
    """What was there longer than the 50 ms of gathering is out; nothing flushes on SIGKILL."""
    process = _run(tmp_path / "s", f"{PROGRAM}time.sleep(60)")
    assert process.stdout is not None
    with process.stdout as stream:
        assert json.loads(stream.readline())["event"] == "request"
        process.send_signal(signal.SIGKILL)
        assert stream.read() == b""
    assert process.wait(30) == -signal.SIGKILL


def test_a_process_that_is_killed_after_a_failure_has_told_of_it(tmp_path: Path) -> None:
    """A line of status 500 does not gather, even where others would for an hour."""
    program = (
        f"{PROGRAM}"
        "logs._output._gather_seconds = 3600\n"
        "logs.access(status=500, method='GET', route='/broken', duration_ms=1)\n"
        "time.sleep(60)"
    )
    process = _run(tmp_path / "s", program)
    assert process.stdout is not None
    with process.stdout as stream:
        assert [json.loads(stream.readline())["status"] for _ in range(2)] == [200, 500]
    process.kill()
    process.wait(30)

"""The one module that writes to the terminal. Colors and live progress are for terminals only.

Results go to standard output, progress and errors to standard error. `NO_COLOR` is respected.
"""

import io
import os
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from typing import TextIO

WIDTH = 80
_DIM, _RED, _GREEN, _CYAN, _BOLD = "2", "31", "32", "36", "1"
_HEADER = 2  # lines of a difference that name the two files
_DIFF_COLORS = {"-": _RED, "+": _GREEN, "@": _CYAN}


def tolerate() -> None:
    """Print escapes for characters that the terminal's encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def interactive() -> bool:
    """Return whether a person can answer questions: input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def say(text: str = "") -> None:
    """Print a line of the result."""
    print(text, flush=True)  # noqa: T201 (this module is the terminal)


def lines(texts: Iterable[str]) -> None:
    """Print lines of the result."""
    for text in texts:
        say(text)


def report(texts: Iterable[str]) -> None:
    """Print lines of the result, the titles of its parts in bold."""
    for text in texts:
        is_title = text.endswith(":") and not text.startswith(" ")
        say(_paint(text, _BOLD, sys.stdout) if is_title else text)


def heading(text: str) -> None:
    """Print a line that begins a part of the result."""
    say(_paint(text, _BOLD, sys.stdout))


def differences(files: Iterable[Sequence[str]]) -> None:
    """Print the unified diff of each file, in the usual colors."""
    for lines in files:
        for number, line in enumerate(lines):
            color = _BOLD if number < _HEADER else _DIFF_COLORS.get(line[:1])
            say(_paint(line, color, sys.stdout) if color else line)
        say()


def note(text: str) -> None:
    """Print a line about progress, wrapped to the terminal, on standard error."""
    _err(_wrap(text))


def error(text: str) -> None:
    """Print the one sentence of an error."""
    _err(_paint("roadbed: ", _RED, sys.stderr) + _wrap(text, indent="  ", first=len("roadbed: ")))


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show that the step `title` runs; on a terminal with the seconds that it takes."""
    if not sys.stderr.isatty():
        _err(title)
        yield
        return
    stop = threading.Event()
    ticker = threading.Thread(target=_tick, args=(title, stop), daemon=True)
    begun = time.monotonic()
    ticker.start()
    mark, color = "failed", _RED
    try:
        yield
        mark, color = "done", _GREEN
    finally:
        stop.set()
        ticker.join()
        _replace(f"{_paint(f'{mark:>6}', color, sys.stderr)}  {title}{_spent(begun)}\n")


def table(rows: Sequence[Sequence[str]], right: Set[int] = frozenset()) -> None:
    """Print rows in aligned columns; the last column is cut so that a line fits the width."""
    lines(layout(rows, right))


def layout(rows: Sequence[Sequence[str]], right: Set[int] = frozenset()) -> list[str]:
    """Return the lines of a table of at most 80 columns; `right` are right-aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    widths[-1] = min(widths[-1], max(10, WIDTH - 2 * len(widths) - sum(widths[:-1])))
    return [
        ("  " + "  ".join(_cell(*cell) for cell in _cells(row, widths, right))).rstrip()
        for row in rows
    ]


def _cells(
    row: Sequence[str], widths: Sequence[int], right: Set[int]
) -> list[tuple[str, int, bool]]:
    return [
        (text, width, i in right) for i, (text, width) in enumerate(zip(row, widths, strict=True))
    ]


def _cell(text: str, width: int, to_right: bool) -> str:
    cut = text if len(text) <= width else text[: width - 1] + "…"
    return cut.rjust(width) if to_right else cut.ljust(width)


def wrapped(text: str, indent: str) -> list[str]:
    """Return the lines of an indented paragraph of at most 80 columns."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def item(text: str) -> list[str]:
    """Return the lines of a list item of at most 80 columns."""
    return hanging(text, "  - ")


def hanging(text: str, head: str) -> list[str]:
    """Return the lines of a paragraph after `head`, indented by the width of `head`."""
    first, *rest = wrapped(text, " " * len(head))
    return [head + first.strip(), *rest]


def _tick(title: str, stop: threading.Event) -> None:
    begun = time.monotonic()
    while True:
        _replace(f"{_paint('   ...', _DIM, sys.stderr)}  {title}{_spent(begun)}")
        if stop.wait(1):
            return


def _spent(begun: float) -> str:
    seconds = time.monotonic() - begun
    return _paint(f"  {seconds:.0f} s", _DIM, sys.stderr) if seconds >= 1 else ""


def _replace(text: str) -> None:
    print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)  # noqa: T201


def _err(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _wrap(text: str, indent: str = "", first: int = 0) -> str:
    if not sys.stderr.isatty():
        return text
    width = min(WIDTH, shutil.get_terminal_size().columns)
    lines = textwrap.wrap(
        " " * first + text,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return "\n".join(lines)[first:]


def _paint(text: str, color: str, stream: TextIO) -> str:
    wanted = stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return f"\033[{color}m{text}\033[0m" if wanted else text

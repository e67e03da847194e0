"""One event as one line."""

import json
from typing import Any

import pytest

from chassis import lines
from chassis.output import ATOMIC


class Broken:
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


@pytest.mark.parametrize(
    "event",
    [
        {"exception": "Traceback" + "x" * 10_000 + "ValueError: the cause"},
        {"a": "é\n\x00" * 3000, "b": "ü" * 5000},
        {"list": [{"n": number} for number in range(2000)]},
        {f"key{number}": "v" * 60 for number in range(100)},
        {"surrogate": "\udc80" * 5000},
    ],
)
def test_a_line_fits_a_pipe(event: dict[str, Any]) -> None:
    """However long an event is, its line is valid JSON, keeps its name and stays whole."""
    line = lines.line({"event": "failed", "request_id": "r" * 32, **event})
    assert len(line) <= ATOMIC
    assert line.endswith(b"\n")
    assert "event" in json.loads(line)


def test_a_traceback_keeps_both_ends() -> None:
    """Where it began and what it was, and that something is missing."""
    event = {"event": "failed", "exception": "Traceback" + "x" * 10_000 + "ValueError: the cause"}
    text = json.loads(lines.line(event))["exception"]
    assert text.startswith("Traceback")
    assert text.endswith("ValueError: the cause")
    assert "characters cut" in text


def test_a_usual_line_is_left_alone() -> None:
    """Nothing is cut without need."""
    event = {"event": "hello", "text": "x" * 3000}
    assert json.loads(lines.line(event)) == event


@pytest.mark.parametrize(
    "value", [object(), float("nan"), {1: 2}, {("a", 1): 2}, "\udc80", b"\xff"]
)
def test_anything_is_encoded(value: Any) -> None:
    """What JSON does not know becomes text; a log call never fails."""
    assert json.loads(lines.encode({"value": value})).keys() == {"value"}


def test_what_cannot_be_said_is_not() -> None:
    """An object whose own descriptions fail, or that contains itself, is named by its type."""
    circle: dict[str, Any] = {}
    circle["self"] = circle
    for value, name in ((Broken(), "<Broken>"), (circle, "<dict>")):
        event = {"event": "hello", "value": value}
        assert json.loads(lines.encode(event)) == {"event": "hello", "value": name}

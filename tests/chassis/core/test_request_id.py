"""Identifiers that arrive from outside."""

import os
import re

import pytest

from chassis import request_id

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("value", ["abcdefgh", "A-z_0.9-" * 8])
def test_a_harmless_id_is_kept(value: str) -> None:
    """A caller's id follows the request through its systems."""
    assert request_id.accept(value) == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "short",
        "a" * 65,
        "a b c d e f",
        "abcdefgh\n",
        "<script>alert",
        "ä" * 10,
        "a" * 9999,
    ],
)
def test_anything_else_is_replaced(value: str | None) -> None:
    """An id goes into logs and headers, so it may carry nothing but itself."""
    made = request_id.accept(value)
    assert made != value
    assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_the_trace_of_a_caller_is_continued() -> None:
    """One trace id runs through every service."""
    assert request_id.trace_id(f"00-{TRACE}-b7ad6b7169203331-01") == TRACE


def test_a_later_version_may_carry_more() -> None:
    """The W3C rule for versions that we do not know."""
    assert request_id.trace_id(f"cc-{TRACE}-b7ad6b7169203331-01-more") == TRACE


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "\xff",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
        "00-" * 5000,
    ],
)
def test_a_malformed_trace_starts_a_new_one(value: str | None) -> None:
    """A header never makes a request fail."""
    made = request_id.trace_id(value)
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert made != TRACE


def test_forked_workers_make_different_ids() -> None:
    """Workers that were preloaded and forked share no generator."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.write(writing, request_id.fresh().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 32).decode() != request_id.fresh()

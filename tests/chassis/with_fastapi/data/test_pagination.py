"""Cursors that come from strangers."""

import json
from base64 import urlsafe_b64encode

import pytest
from pydantic import ValidationError

from chassis.fastapi.data.pagination import check


def encoded(value: object) -> str:
    """Encode ``value`` as a cursor is."""
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


KEY = "6d0f2a52-4e0b-4c3a-9d7e-0c5a3f7f3f11"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "é",
        "x",
        "\x00",
        encoded([]),
        encoded({}),
        encoded(["2026-11-22T21:00:00+00:00"]),
        encoded(["2026-11-22T21:00:00", KEY]),
        encoded(["yesterday", KEY]),
        encoded(["2026-11-22T21:00:00+00:00", "1"]),
        encoded([1, 2]),
        "W" * 300,
    ],
)
def test_foreign_cursor_is_invalid(cursor: str) -> None:
    """What the service did not give out is refused and never crashes."""
    with pytest.raises(ValidationError):
        check(limit=10, after=cursor)


def test_own_cursor_is_valid() -> None:
    """A moment with its zone and a key are what a cursor holds."""
    check(limit=10, after=encoded(["2026-11-22T21:00:00+00:00", KEY]))
    with pytest.raises(ValidationError):
        check(limit=0, after=None)

"""What the field types let through: what a column has room for, and what the contract promises."""

import pytest
from pydantic import TypeAdapter, ValidationError

from chassis.fastapi.data.fields import LONGEST_ADDRESS, HttpAddress, Timestamp

ADDRESS = TypeAdapter[object](HttpAddress)
HOST = ".".join(["a" * 60] * 4)


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.example.com",
        f"https://{HOST}.example.com",
        "https://hooks.example.com/" + "x" * 1974,
        "https://" + ".".join(["a" * 61] * 32) + ".aaaaaaaa",
    ],
)
def test_what_the_contract_allows_fits(text: str) -> None:
    """A path that is added makes an address longer than it was sent."""
    assert len(text) <= len(str(ADDRESS.validate_python(text))) <= LONGEST_ADDRESS


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.example.com/" + "x" * 1975,
        "https://hooks.example.com/" + "ü" * 400,
        "ftp://hooks.example.com",
        "https://ada@hooks.example.com",
        "https://ada:secret@hooks.example.com",
        "https://",
    ],
)
def test_what_does_not_fit_is_refused(text: str) -> None:
    """Letters that are encoded count as what they become."""
    with pytest.raises(ValidationError):
        ADDRESS.validate_python(text)


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.123456789+05:30", "9999-12-31T23:59:59Z"]
)
def test_moments_are_written_in_full(text: str) -> None:
    """As RFC 3339 has it."""
    TypeAdapter[object](Timestamp).validate_python(text)


@pytest.mark.parametrize(
    "text", ["0.0", "1767225600", "2026-01-31", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00", ""]
)
def test_anything_else_is_no_moment(text: str) -> None:
    """A number could be seconds or milliseconds."""
    with pytest.raises(ValidationError):
        TypeAdapter[object](Timestamp).validate_python(text)

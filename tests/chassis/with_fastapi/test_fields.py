"""What the field types let through always fits the column that is made for it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from chassis.fastapi.fields import LONGEST_ADDRESS, HttpAddress

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

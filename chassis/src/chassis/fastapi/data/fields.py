"""Field types for schemas: text and JSON that PostgreSQL can store, HTTP addresses, timestamps."""

import math
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BeforeValidator,
    StringConstraints,
    UrlConstraints,
)

_LONGEST_SENT = 2000
LONGEST_ADDRESS = 2048
"""Characters of an `HttpAddress` as text, for the length of its column."""
DEEPEST = 32
"""Levels of objects and lists in a JsonObject."""

# JSON may contain NUL, which PostgreSQL refuses: without this pattern the answer would be 500
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


def _check_address(value: AnyUrl) -> AnyUrl:
    # it can be longer than the client sent it: a path is added, non-ASCII characters are encoded
    if len(str(value)) > LONGEST_ADDRESS:
        raise ValueError(f"an address may have {LONGEST_ADDRESS} characters when it is encoded")
    if value.username is not None or value.password is not None:
        raise ValueError("an address may not carry a user name or password")
    return value


HttpAddress = Annotated[
    AnyUrl,
    UrlConstraints(max_length=_LONGEST_SENT, allowed_schemes=["http", "https"], host_required=True),
    AfterValidator(_check_address),
]
"""A URL for HTTP or HTTPS. The domain decides which hosts and which scheme it allows."""

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _check_timestamp(value: Any) -> Any:
    if isinstance(value, str) and not _TIMESTAMP.fullmatch(value):
        raise ValueError("a time is written as in 2026-01-31T12:00:00Z")
    return value


Timestamp = Annotated[AwareDatetime, BeforeValidator(_check_timestamp)]
"""A time in the format of RFC 3339, as the contract promises (`date-time`). Pydantic alone would
also accept a number and guess whether it means seconds or milliseconds since 1970."""


def _check_json(value: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [item for nested in level for item in _inner(nested)]
        if not level:
            return value
    raise ValueError(f"nested deeper than {DEEPEST} levels")


def _inner(value: Any) -> list[Any]:
    """Return the direct children of `value`. Raises ValueError for values that Python's JSON parser
    accepts and other readers refuse."""
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("text may not contain NUL")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("text may not contain half a surrogate pair")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number has to be finite")
    elif isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


JsonObject = Annotated[dict[str, Any], AfterValidator(_check_json)]
"""A JSON object that PostgreSQL and every JSON parser accept: at most `DEEPEST` levels, no NUL,
no half surrogate pairs, finite numbers. The limit of the request body bounds its size."""

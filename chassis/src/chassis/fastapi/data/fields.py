"""Field types for schemas: what PostgreSQL can keep, addresses that may be called, moments."""

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
"""Characters of an HttpAddress as text: a column for it has room for that many."""
DEEPEST = 32
"""Levels of objects and lists in a JsonObject."""

# JSON may carry NUL, which PostgreSQL refuses: without this that is a crash
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


def _check_address(value: AnyUrl) -> AnyUrl:
    # longer than it was sent: a path is added, what is not ASCII is encoded
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
"""A URL for HTTP. Where it leads, and whether it may be plain, is for the domain to decide."""

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _check_timestamp(value: Any) -> Any:
    if isinstance(value, str) and not _TIMESTAMP.fullmatch(value):
        raise ValueError("a time is written as in 2026-01-31T12:00:00Z")
    return value


Timestamp = Annotated[AwareDatetime, BeforeValidator(_check_timestamp)]
"""A moment as RFC 3339 writes it and a contract promises (`date-time`): pydantic alone would take
a number as well, for seconds or milliseconds since 1970, whichever is likelier."""


def _check_json(value: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [item for nested in level for item in _inner(nested)]
        if not level:
            return value
    raise ValueError(f"nested deeper than {DEEPEST} levels")


def _inner(value: Any) -> list[Any]:
    """Return what is inside `value`; refuse what JSON parsers let through and others do not."""
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
"""Any JSON object that PostgreSQL and every other reader of JSON can take: at most `DEEPEST`
levels, no NUL, whole characters, finite numbers. The body's limit bounds its size."""

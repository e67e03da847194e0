"""JSON that callers send: read once, the same way for every framework, and bounded."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest

from chassis.problems import ProblemError

LARGEST = 8_000_000
"""Bytes of a body: an attachment of 5 MB in base64, and some text around it."""
DEEPEST = 20
"""How far lists and objects may be nested."""


def refuse_large(request: HttpRequest) -> None:
    """Raise ProblemError 413 for a request that says it has more than `LARGEST` bytes."""
    size = request.META.get("CONTENT_LENGTH") or "0"
    if size.isdecimal() and int(size) > LARGEST:
        raise ProblemError(413, None, f"Send at most {LARGEST:,} bytes.")


def read_json(request: HttpRequest) -> Any:
    """Return what the body says.

    Raises ProblemError 415 for a body that is not called JSON, 422 for one that is none (NaN and
    Infinity are not), is nested too deeply, or has text that no database stores: a NUL, half of a
    surrogate pair.
    """
    kind = request.content_type or ""
    if kind != "application/json" and not kind.endswith("+json"):
        raise ProblemError(415, None, "Send the body as application/json.")
    try:
        found = json.loads(request.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _invalid([], "This is not JSON.") from None
    for path, text in _texts(found, []):
        if "\0" in text or not _is_unicode(text):
            raise _invalid(path, "This text has characters that cannot be stored.")
    return found


def _texts(value: Any, path: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    if len(path) > DEEPEST:
        raise _invalid(path, f"Nest at most {DEEPEST} levels.")
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, [*path, index])
    elif isinstance(value, dict):
        for name, item in value.items():
            yield [*path, "name"], name
            yield from _texts(item, [*path, name])


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _invalid(path: list[str | int], message: str) -> ProblemError:
    shown = [part if isinstance(part, int) else _shown(part) for part in path]
    return ProblemError(422, "validation", errors=[{"loc": ["body", *shown], "msg": message}])


def _shown(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:100]

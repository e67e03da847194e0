"""JSON request bodies, parsed with the same limits for every API framework."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest

from chassis.problems import ProblemError

MAX_BYTES = 8_000_000
"""Of a request body: a 5 MB attachment in base64, and some text around it."""
MAX_DEPTH = 20
"""Levels of nested lists and objects."""


def refuse_large(request: HttpRequest) -> None:
    """Raise ProblemError 413 if the `Content-Length` is more than `MAX_BYTES`."""
    size = request.META.get("CONTENT_LENGTH") or "0"
    if size.isdecimal() and int(size) > MAX_BYTES:
        raise ProblemError(413, None, f"Send at most {MAX_BYTES:,} bytes.")


def read_json(request: HttpRequest) -> Any:
    """Return the parsed JSON body.

    Raises ProblemError 415 if the content type is not JSON. Raises 422 if the body is not valid
    JSON (NaN and Infinity are not), is nested too deeply, or contains text that the database cannot
    store: NUL, or half of a surrogate pair.
    """
    kind = request.content_type or ""
    if kind != "application/json" and not kind.endswith("+json"):
        raise ProblemError(415, None, "Send the body as application/json.")
    try:
        body = json.loads(request.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _invalid([], "This is not JSON.") from None
    for path, text in _texts(body, []):
        if "\0" in text or not _is_unicode(text):
            raise _invalid(path, "This text has characters that cannot be stored.")
    return body


def _texts(value: Any, path: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    if len(path) > MAX_DEPTH:
        raise _invalid(path, f"Nest at most {MAX_DEPTH} levels.")
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

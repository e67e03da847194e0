"""One event as one line of JSON that a shared pipe keeps whole."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import to_json

from chassis.output import ATOMIC

_MARK = " …[{} characters cut]… "
_ROOM = 48  # bytes for the mark
_MOST_CUTS = 16


def encode(value: Any) -> bytes:
    """Return `value` as JSON; types unknown to JSON are written as text."""
    try:
        return to_json(value, fallback=str, inf_nan_mode="strings")
    except Exception:  # an object whose str() fails, a lone surrogate, a circle
        with suppress(Exception):
            return json.dumps(value, default=repr, skipkeys=True).encode()
    if isinstance(value, Mapping):
        return json.dumps({str(key): _name(item) for key, item in value.items()}).encode()
    return json.dumps(_name(value)).encode()


def line(event: Mapping[str, Any]) -> bytes:
    """Return `event` and its line break as JSON, in at most 4,096 bytes.

    If needed, the largest values lose their middle: a traceback says the essential at its ends.
    """
    encoded = encode(event)
    if len(encoded) < ATOMIC:
        return encoded + b"\n"
    shortened = dict(event)
    for _ in range(_MOST_CUTS):
        sizes = {key: len(encode(value)) for key, value in shortened.items()}
        largest = max(sizes, key=lambda key: sizes[key])
        shortened[largest] = _cut(shortened[largest], len(encoded) - ATOMIC + _ROOM)
        encoded = encode(shortened)
        if len(encoded) < ATOMIC:
            return encoded + b"\n"
    return encode({"event": "a log line of many long values was cut", "level": "error"}) + b"\n"


def _name(value: Any) -> Any:
    """Return the kind of a `value` that is not simple."""
    simple = value is None or isinstance(value, str | int | float)
    return value if simple else f"<{type(value).__name__}>"


def _cut(value: Any, excess: int) -> str:
    text = value if isinstance(value, str) else encode(value).decode()
    keep = max(len(text) - excess, 0)
    head = keep // 4
    return text[:head] + _MARK.format(len(text) - keep) + text[len(text) - (keep - head) :]

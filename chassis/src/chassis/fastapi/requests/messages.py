"""Reading ASGI scopes and messages."""

from collections.abc import Iterable

from starlette.types import Message, Scope


def has_body(scope: Scope) -> bool:
    """Say whether a request announces a body."""
    return any(
        key == b"transfer-encoding" or (key == b"content-length" and value != b"0")
        for key, value in scope["headers"]
    )


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Return the first of `headers` called `name`, in lower case."""
    for key, value in headers:
        if key == name:
            return value
    return None


def size(message: Message) -> int:
    """Return the bytes of one message of a websocket."""
    return len(message.get("bytes") or (message.get("text") or "").encode())

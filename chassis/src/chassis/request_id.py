"""The identifiers that follow one request: its own id and the trace it belongs to."""

import os
import random
import re

HEADER = "X-Request-ID"
TRACE_HEADER = "traceparent"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


_generator = random.Random()  # noqa: S311 - an id is no secret
# workers that were forked from one parent would all make the same ids
os.register_at_fork(after_in_child=_generator.seed)


def digits(count: int) -> str:
    """Return `count` random hex digits, an even number.

    They do not come from the operating system each time: that call takes longer than the rest of an
    id, and releases the interpreter's lock in the middle of every request.
    """
    return _generator.randbytes(count // 2).hex()


def fresh() -> str:
    """Return 32 random hex digits."""
    return digits(32)


def fresh_span() -> str:
    """Return 16 random hex digits."""
    return digits(16)


def accept(value: str | None) -> str:
    """Return a caller's request id if it is harmless (8 to 64 of `A-Z a-z 0-9 . _ -`), else a
    new one."""
    return value if value and harmless(value) else fresh()


def harmless(value: str) -> bool:
    """Return whether `value` is 8 to 64 of `A-Z a-z 0-9 . _ -`, so that it cannot forge log
    lines."""
    return _ID.fullmatch(value) is not None


def trace_id(traceparent: str | None) -> str:
    """Return the trace id of a W3C `traceparent`; a missing or malformed one starts a new trace.

    A later version of the header may carry more after the flags.
    """
    match = _TRACEPARENT.match(traceparent or "")
    return match.group(1) if match else fresh()

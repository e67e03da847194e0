"""Signatures of Standard Webhooks 1.0 (https://www.standardwebhooks.com), symmetric, `v1`.

A secret is `whsec_` and 24 to 64 random bytes in base64. What is signed is
`<webhook-id>.<webhook-timestamp>.<body>`; the header holds a signature for each secret in force,
so that a receiver may change over while both are.
"""

import hmac
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
_BYTES = 32
_FEWEST_BYTES = 24
_MOST_BYTES = 64


class SignatureError(Exception):
    """A message with an invalid signature; the text says why and contains no secret."""


def new_secret() -> str:
    """Return a new secret; show it to its owner once."""
    return PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def key(secret: str) -> bytes:
    """Return the bytes of `secret`. Raises ValueError if it is malformed."""
    try:
        decoded = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        decoded = b""
    if not secret.startswith(PREFIX) or not _FEWEST_BYTES <= len(decoded) <= _MOST_BYTES:
        raise ValueError(f"a secret is {PREFIX} and {_FEWEST_BYTES} to {_MOST_BYTES} bytes")
    return decoded


def headers(keys: Iterable[bytes], *, message: str, at: int, body: bytes) -> dict[str, str]:
    """Return the three headers of the message `message` sent at `at` (Unix seconds)."""
    signed = " ".join(_signature(item, message, str(at), body) for item in keys)
    return {"webhook-id": message, "webhook-timestamp": str(at), "webhook-signature": signed}


def verify(
    keys: Iterable[bytes],
    received: Mapping[str, str],
    body: bytes,
    *,
    tolerance: int = TOLERANCE_SECONDS,
    now: float | None = None,
) -> None:
    """Check a received message whose headers have lower-case names.

    Raises SignatureError unless one of `keys` signed it within `tolerance` seconds of `now`.
    A receiver still has to remember `webhook-id`: a delivery may come twice.
    """
    try:
        message, sent = received["webhook-id"], received["webhook-timestamp"]
        claimed = received["webhook-signature"].split()
    except KeyError as error:
        raise SignatureError(f"the header {error.args[0]} is missing") from None
    _check_time(sent, time.time() if now is None else now, tolerance)
    expected = [_signature(item, message, sent, body).encode() for item in keys]
    # every pair is compared, each in constant time
    matches = [
        hmac.compare_digest(signature, item.encode()) for signature in expected for item in claimed
    ]
    if not any(matches):
        raise SignatureError("no signature matches")


def _signature(item: bytes, message: str, sent: str, body: bytes) -> str:
    content = f"{message}.{sent}.".encode() + body
    return f"v1,{b64encode(hmac.digest(item, content, 'sha256')).decode()}"


def _check_time(sent: str, now: float, tolerance: int) -> None:
    # isdecimal alone takes other scripts' digits, and int() has no end
    if not (sent.isascii() and sent.isdecimal() and len(sent) <= len(str(2**63))):
        raise SignatureError("webhook-timestamp is not a number of seconds")
    if abs(now - int(sent)) > tolerance:
        raise SignatureError("the message is too old, or from the future")

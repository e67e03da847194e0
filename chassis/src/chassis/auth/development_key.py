"""The private key that a checkout creates for itself when none is configured."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

_BITS = 2048
_EXPONENT = 65537


@cache
def development_pem(file: Path | None) -> bytes:
    """Return the RSA key in `file` as PEM; create it first if there is none.

    Without a file, or if it cannot be written, the key lives as long as this process: every call
    returns the same key, and every other process has another one.
    """
    if file is None:
        return _new_pem()
    with suppress(OSError):
        return file.read_bytes()
    pem = _new_pem()
    with suppress(OSError):
        _write_once(file, pem)
    with suppress(OSError):
        return file.read_bytes()
    return pem


def _new_pem() -> bytes:
    return generate_private_key(_EXPONENT, _BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_once(file: Path, pem: bytes) -> None:
    """Write the whole file or nothing; if two processes write, the first one's key stays."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
    try:
        file.hardlink_to(partial)
    finally:
        partial.unlink()

"""The signing key of a checkout."""

import hashlib
import os
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm

_MARKER = Path(".roadbed", "service.toml")
_BITS = 2048
_EXPONENT = 65537


class KeyFileError(Exception):
    """The key's file cannot be used; the text is one sentence."""


def path(start: Path) -> Path:
    """Return the key file of the checkout that `start` lies in (else of `start` itself)."""
    folders = (start, *start.parents)
    root = next((folder for folder in folders if (folder / _MARKER).is_file()), start)
    return root / ".dev" / "issuer.pem"


def load(file: Path) -> RSAPrivateKey:
    """Read the key, making it (readable by its owner alone) when there is none yet.

    Raises KeyFileError.
    """
    try:
        if not file.exists():
            _make(file)
        key = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(file.read_bytes())
    except (OSError, ValueError, TypeError, InvalidKeyError) as error:
        raise KeyFileError(
            f"The development key {file} cannot be used ({error}): delete it and try again."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise KeyFileError(f"{file} holds no private RSA key: delete it and try again.")
    return key


def public_jwk(key: RSAPrivateKey) -> dict[str, Any]:
    """Return the public half as a JSON Web Key; its `kid` is the thumbprint of RFC 7638."""
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    canonical = f'{{"e":"{jwk["e"]}","kty":"RSA","n":"{jwk["n"]}"}}'
    digest = hashlib.sha256(canonical.encode()).digest()
    kid = urlsafe_b64encode(digest).rstrip(b"=").decode()
    public = {name: jwk[name] for name in ("kty", "n", "e")}
    return {**public, "kid": kid, "use": "sig", "alg": "RS256"}


def _make(file: Path) -> None:
    pem = generate_private_key(_EXPONENT, _BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
    try:
        # a link never replaces: of two processes that start at once, the first one's key stays
        file.hardlink_to(partial)
    except FileExistsError:
        pass
    finally:
        partial.unlink()

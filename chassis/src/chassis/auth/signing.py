"""The key with which a service that owns its accounts signs their tokens."""

import hashlib
import os
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from jwt.algorithms import RSAAlgorithm

from chassis.service import Service
from chassis.settings import Secret, SettingsError

_BITS = 2048
_EXPONENT = 65537


@dataclass(frozen=True)
class SigningKey:
    """An RSA key and the ``kid`` by which verifiers find its public half."""

    private: RSAPrivateKey
    kid: str

    @classmethod
    def load(cls, setting: Secret, service: Service) -> Self:
        """Read the PEM text of ``setting``.

        For its development placeholder a key is made once and kept in ``.dev/token.pem`` of the
        checkout (only in memory where that cannot be written). Raises SettingsError.
        """
        if setting.is_placeholder:
            return cls._from_pem(_development_pem(service.root / ".dev" / "token.pem"))
        return cls._from_pem(setting.get_secret_value().encode())

    @classmethod
    def _from_pem(cls, pem: bytes) -> Self:
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, RSAPrivateKey) or key.key_size < _BITS:
            raise SettingsError(
                f"The signing key is not an RSA private key of at least {_BITS} bits in PEM form: "
                "make one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`."
            )
        return cls(private=key, kid=_thumbprint(key))

    @property
    def public(self) -> RSAPublicKey:
        """The half that verifiers get."""
        return self.private.public_key()


def _thumbprint(key: RSAPrivateKey) -> str:
    """Name a key by its contents (RFC 7638)."""
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    canonical = f'{{"e":"{jwk["e"]}","kty":"RSA","n":"{jwk["n"]}"}}'
    return urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _development_pem(file: Path) -> bytes:
    if file.exists():
        return file.read_bytes()
    pem = generate_private_key(_EXPONENT, _BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with suppress(OSError):
        _write_once(file, pem)
    return file.read_bytes() if file.exists() else pem


def _write_once(file: Path, pem: bytes) -> None:
    """Write the whole file or nothing; of two processes the first one's key stays."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
    try:
        file.hardlink_to(partial)
    finally:
        partial.unlink()

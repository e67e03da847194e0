"""The key with which a service that owns its accounts signs access tokens."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import RSAAlgorithm

from chassis.auth.development_key import development_pem
from chassis.environment import Environment, SettingsError, read_environment
from chassis.service import Service
from chassis.settings import Secret

_BITS = 2048
_DEVELOPMENT_FILE = Path(".dev", "token.pem")


@dataclass(frozen=True)
class SigningKey:
    """An RSA key and the `kid` by which verifiers select its public half."""

    private: RSAPrivateKey
    kid: str

    @classmethod
    def load(cls, setting: Secret, service: Service) -> Self:
        """Return the key in the PEM text of `setting`.

        For its development placeholder a key is created once and kept in `.dev/token.pem` of the
        checkout. It stays in memory if that file cannot be written, and in a build, whose files may
        end in an image. Raises SettingsError.
        """
        if setting.is_placeholder:
            built = read_environment(service) is Environment.BUILD
            return cls._from_pem(
                development_pem(None if built else service.root / _DEVELOPMENT_FILE)
            )
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
        """Return the public half, for verifiers."""
        return self.private.public_key()

    def derive(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for another `purpose` (HKDF, RFC 5869).

        It is valid as long as this key and does not reveal it.
        """
        secret = self.private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret)


def _thumbprint(key: RSAPrivateKey) -> str:
    """Name a key by its contents (RFC 7638)."""
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    canonical = f'{{"e":"{jwk["e"]}","kty":"RSA","n":"{jwk["n"]}"}}'
    return urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()

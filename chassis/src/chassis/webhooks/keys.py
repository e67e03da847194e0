"""Endpoints' secrets at rest: encrypted and authenticated, under keys that can be rotated."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_BYTES = 32
_REMEMBERED = 4096


class KeyringError(Exception):
    """None of the keys can decrypt a stored secret."""


class Keyring:
    """Encrypts with the first of `keys` and decrypts with any of them.

    To rotate, put a new key in front. Remove the old one after calling `reencrypt` on every stored
    secret.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Take random texts of at least 32 characters, newest first."""
        self._cipher = MultiFernet([_fernet(item) for item in keys])
        # a delivery a millisecond would otherwise decrypt the same few again and again
        self._decrypt_cached = lru_cache(maxsize=_REMEMBERED)(self._read)

    def encrypt(self, secret: str) -> str:
        """Return `secret` encrypted, as text."""
        return self._cipher.encrypt(secret.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Return the secret in `encrypted`. Raises KeyringError."""
        return self._decrypt_cached(encrypted)

    def reencrypt(self, encrypted: str) -> str:
        """Return `encrypted` encrypted with the newest key. Raises KeyringError."""
        return self.encrypt(self.decrypt(encrypted))

    def _read(self, encrypted: str) -> str:
        try:
            return self._cipher.decrypt(encrypted.encode()).decode()
        except InvalidToken:
            raise KeyringError(
                "An endpoint's secret was written with a key that is not in WEBHOOK_KEYS: add the "
                "former key behind the newest one."
            ) from None


def _fernet(text: str) -> Fernet:
    derived = HKDF(SHA256(), _BYTES, salt=None, info=b"roadbed webhook secrets").derive(
        text.encode()
    )
    return Fernet(urlsafe_b64encode(derived))

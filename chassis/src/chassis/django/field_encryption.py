"""Encryption of secrets in the database that must be readable again: a copy of it reveals none.

The key is derived from SECRET_KEY. Values encrypted under an earlier one stay readable while it is
in SECRET_KEY_FALLBACKS. `manage.py reseal` encrypts them again; after that, remove the earlier key.
"""

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"chassis.django.field_encryption"  # the same SECRET_KEY also signs, with other keys


class UnreadableError(ValueError):
    """A value that was encrypted under an unknown key."""


def encrypt(text: str) -> str:
    """Return the text encrypted and authenticated under the newest key."""
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(encrypted: str) -> str:
    """Return the text; raise UnreadableError if no known key can decrypt it."""
    try:
        return _fernet().decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise UnreadableError("no SECRET_KEY or SECRET_KEY_FALLBACKS can decrypt it") from None


def _fernet() -> MultiFernet:
    return _fernet_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@cache
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(key: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return urlsafe_b64encode(kdf.derive(key.encode()))

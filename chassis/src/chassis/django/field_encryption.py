"""Secrets that have to be read again lie sealed in the database: a copy of it opens nothing.

The key is made from SECRET_KEY. What an earlier one sealed is still read while that one is among
SECRET_KEY_FALLBACKS; `manage.py reseal` seals it anew, and then the earlier key may go.
"""

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"chassis.django.field_encryption"  # the same SECRET_KEY also signs, with other keys


class UnreadableError(ValueError):
    """No key that this service knows sealed this."""


def seal(text: str) -> str:
    """Encrypt a text under the newest key, and make every change of it noticed."""
    return _box().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Give the text; raises UnreadableError when no known key sealed it."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise UnreadableError("no SECRET_KEY or SECRET_KEY_FALLBACKS reads it") from None


def _box() -> MultiFernet:
    return _make((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@cache
def _make(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(key: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return urlsafe_b64encode(kdf.derive(key.encode()))

"""The text of an API key, `rbk_<prefix>_<secret>`, and its hash."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

TEXT_PREFIX = "rbk_"
"""The start of every key, by which a scanner for leaked secrets recognizes it."""
_SHAPE = re.compile(r"rbk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_PREFIX_LENGTH = 12


class ApiKeyError(Exception):
    """An API key cannot be created with these arguments; the text is one sentence."""


@dataclass(frozen=True)
class Key:
    """The two parts of a key."""

    prefix: str
    secret: str = field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        """Return a new key with 256 random bits."""
        prefix = "".join(secrets.choice(_LETTERS) for _ in range(_PREFIX_LENGTH))
        return cls(prefix, secrets.token_urlsafe(32))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the parts of a key, or None for any other text."""
        match = _SHAPE.fullmatch(text)
        return cls(*match.groups()) if match else None

    def write(self) -> str:
        """Return the text of the key, as its owner keeps it."""
        return f"{TEXT_PREFIX}{self.prefix}_{self.secret}"


class Peppers:
    """The keys of the stored hashes by name; a name reveals nothing about its key."""

    def __init__(self, newest_first: Sequence[str]) -> None:
        """Use the first pepper for new hashes, all of them for verification."""
        self._by_name = {_name(pepper): pepper.encode() for pepper in newest_first}
        self._newest = next(iter(self._by_name), None)

    def hash(self, key: Key) -> tuple[str, bytes]:
        """Return the newest pepper's name and the hash made with it.

        Raises ApiKeyError when no pepper is set.
        """
        if self._newest is None:
            raise ApiKeyError("API keys are disabled: set API_KEY_PEPPERS to enable them.")
        return self._newest, _hash(self._by_name[self._newest], key)

    def matches(self, key: Key, name: str, stored: bytes) -> bool:
        """Return whether `stored` is the hash of `key` made with the pepper `name`."""
        pepper = self._by_name.get(name)
        return pepper is not None and hmac.compare_digest(_hash(pepper, key), stored)

    def is_newest(self, name: str) -> bool:
        """Return whether `name` is the newest pepper, which new hashes use."""
        return name == self._newest


def _hash(pepper: bytes, key: Key) -> bytes:
    return hmac.digest(pepper, f"{key.prefix}_{key.secret}".encode(), "sha256")


def _name(pepper: str) -> str:
    return sha256(b"name of a pepper" + pepper.encode()).hexdigest()[:8]

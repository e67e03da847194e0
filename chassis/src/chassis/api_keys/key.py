"""A key as its holder has it, ``rbk_<prefix>_<secret>``, and the hash that stands for it."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

MARK = "rbk_"
"""How every key begins, so that a scanner for leaked secrets sees what it has found."""
_SHAPE = re.compile(r"rbk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_PREFIX_LENGTH = 12


class ApiKeyError(Exception):
    """A key cannot be made like this; the text is one sentence."""


@dataclass(frozen=True)
class Key:
    """The two parts of a key."""

    prefix: str
    secret: str = field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        """Make one with 256 random bits."""
        prefix = "".join(secrets.choice(_LETTERS) for _ in range(_PREFIX_LENGTH))
        return cls(prefix, secrets.token_urlsafe(32))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Take a key apart, None for any other text."""
        found = _SHAPE.fullmatch(text)
        return cls(*found.groups()) if found else None

    def write(self) -> str:
        """Return the text that its holder keeps."""
        return f"{MARK}{self.prefix}_{self.secret}"


class Peppers:
    """The keys of the stored hashes by their names, which say nothing about them."""

    def __init__(self, newest_first: Sequence[str]) -> None:
        """Hash with the first; verify with all of them."""
        self._by_name = {_name(pepper): pepper.encode() for pepper in newest_first}
        self._newest = next(iter(self._by_name), None)

    def hash(self, key: Key) -> tuple[str, bytes]:
        """Return the newest pepper's name and the hash made with it.

        Raises ApiKeyError where there is no pepper at all.
        """
        if self._newest is None:
            raise ApiKeyError("API keys are off here: set API_KEY_PEPPERS to switch them on.")
        return self._newest, _hash(self._by_name[self._newest], key)

    def fits(self, key: Key, name: str, stored: bytes) -> bool:
        """Say whether ``stored`` is the hash of ``key`` made with the pepper ``name``."""
        pepper = self._by_name.get(name)
        return pepper is not None and hmac.compare_digest(_hash(pepper, key), stored)

    def is_newest(self, name: str) -> bool:
        """Say whether hashes are made with the pepper ``name`` now."""
        return name == self._newest


def _hash(pepper: bytes, key: Key) -> bytes:
    return hmac.digest(pepper, f"{key.prefix}_{key.secret}".encode(), "sha256")


def _name(pepper: str) -> str:
    return sha256(b"name of a pepper" + pepper.encode()).hexdigest()[:8]

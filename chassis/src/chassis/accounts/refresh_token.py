"""Refresh tokens: opaque to clients, each with exactly one successor.

The successor is computed from the token and a key that only this service has. So a retry gets the
same successor, although the database stores only hashes. A tag separates tokens that this service
issued from invented ones: only an issued token may end a session.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Self
from uuid import UUID

_PREFIX = "rbr_"  # lets a scanner for leaked secrets recognize the token
_ID_BYTES = 16
_SECRET_BYTES = 32
_TAG_BYTES = 16
_BYTES = _ID_BYTES + _SECRET_BYTES + _TAG_BYTES
_CHARACTERS = len(_PREFIX) + (_BYTES * 4 + 2) // 3


@dataclass(frozen=True, repr=False)
class RefreshToken:
    """One token of the session `session`."""

    session: UUID
    secret: bytes

    @classmethod
    def first(cls, session: UUID) -> Self:
        """Return the first token of a session."""
        return cls(session, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def read(cls, text: str, key: bytes) -> Self | None:
        """Return the token that `write` wrote with the same key, None for any other text."""
        if len(text) != _CHARACTERS or not text.startswith(_PREFIX) or not text.isascii():
            return None
        try:
            raw = urlsafe_b64decode(text.removeprefix(_PREFIX) + "==")
            token = cls(UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:-_TAG_BYTES])
        except ValueError:
            return None
        return token if hmac.compare_digest(token.write(key), text) else None

    def write(self, key: bytes) -> str:
        """Return the text that a client keeps."""
        raw = self.session.bytes + self.secret
        tag = hmac.digest(key, b"tag" + raw, "sha256")[:_TAG_BYTES]
        return _PREFIX + urlsafe_b64encode(raw + tag).rstrip(b"=").decode()

    def successor(self, key: bytes) -> Self:
        """Return the one token that follows."""
        raw = self.session.bytes + self.secret
        return type(self)(self.session, hmac.digest(key, b"next" + raw, "sha256"))

    @property
    def hash(self) -> bytes:
        """The hash that the database stores; a plain hash is enough for 256 random bits."""
        return sha256(self.secret).digest()

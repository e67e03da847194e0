"""The public keys of one issuer; a refresh never delays a request with a known key."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from typing import Any

import jwt
import structlog
from jwt import PyJWK, PyJWKSet

Fetch = Callable[[str], Awaitable[Mapping[str, Any]]]
"""GET a URL and return its JSON object; raises any exception when that fails."""

_FRESH_SECONDS = 300.0
_RETRY_SECONDS = 5.0
_STALE_LIMIT_SECONDS = 24 * 3600.0
_TIMEOUT_SECONDS = 5.0
_ALARM_HOURS = 1.0


class KeysUnavailableError(Exception):
    """The issuer's keys were never loaded, or not for a day."""


class KeySet:
    """Keys by `kid`: a known key is returned at once, even during a refresh of its set.

    An unknown `kid` waits for one fetch that all such requests share, at most every five seconds;
    in between it counts as unknown. A successful fetch replaces the whole set, so a withdrawn key
    is gone at once. Without a successful fetch for 24 hours no key is returned.
    """

    def __init__(
        self, url: str, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Load nothing yet."""
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._loaded = -inf
        self._tried = -inf
        self._refresh: asyncio.Task[None] | None = None

    async def get(self, kid: str) -> PyJWK | None:
        """Return the key named `kid`, None if the issuer has no such key.

        Raises KeysUnavailableError when there are no keys to look in.
        """
        age = self._clock() - self._loaded
        if kid in self._keys and age < _STALE_LIMIT_SECONDS:
            if age > _FRESH_SECONDS:
                self._start_refresh()
            return self._keys[kid]
        if refresh := self._start_refresh():
            # shielded: one impatient client must not cancel the fetch of all the others
            await asyncio.shield(refresh)
        if self._clock() - self._loaded >= _STALE_LIMIT_SECONDS:
            raise KeysUnavailableError
        return self._keys.get(kid)

    def contains(self, key: PyJWK) -> bool:
        """Return whether `key` belongs to the current set. A replaced or expired set contains no
        key."""
        return (
            self._keys.get(key.key_id or "") is key
            and self._clock() - self._loaded < _STALE_LIMIT_SECONDS
        )

    def _start_refresh(self) -> asyncio.Task[None] | None:
        if self._refresh and not self._refresh.done():
            return self._refresh
        if self._clock() - self._tried < _RETRY_SECONDS:
            return None
        self._tried = self._clock()
        self._refresh = asyncio.create_task(self._load())
        return self._refresh

    async def _load(self) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                keys = _usable(await self._fetch(self._url))
        except Exception as error:  # whatever the injected client raises
            self._report(error)
            return
        self._keys = keys
        self._loaded = self._clock()

    def _report(self, error: Exception) -> None:
        """Log a warning; log an error while there is time to act before the keys expire."""
        hours = (self._clock() - self._loaded) / 3600
        log = structlog.get_logger()
        write = log.error if _ALARM_HOURS < hours < inf else log.warning
        write(
            "jwks_unavailable",
            url=self._url,
            error=f"{type(error).__name__}: {error}",
            hours_old=None if hours == inf else round(hours, 1),
            refused_after_hours=_STALE_LIMIT_SECONDS / 3600,
        )


def _usable(document: Mapping[str, Any]) -> dict[str, PyJWK]:
    """Return the RSA signing keys that have a `kid`.

    Raises jwt.PyJWTError when there is none: an empty set would reject every token.
    """
    keys = {
        key.key_id: key
        for key in PyJWKSet.from_dict(dict(document)).keys
        if key.key_id and key.key_type == "RSA" and key.public_key_use in (None, "sig")
    }
    if not keys:
        raise jwt.PyJWKSetError("the document has no RSA signing key with a kid")
    return keys

"""Who is calling: the credential of a request, and the scheme that knows what it is worth.

A finder looks for a credential in a request (`Authorization: Bearer`), a scheme verifies it (JSON
Web Tokens). What was verified is remembered for at most thirty seconds, by its hash, and every use
asks again whether it expired or lost what vouched for it; so a withdrawal that only its source
knows of, such as a revoked API key, takes effect within those thirty seconds.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from starlette.types import Scope

from chassis.auth import Principal, TokenVerifier, Verified, bearer

type Finder = Callable[[Scope], str | None]
"""Returns the credential that a request brings in one certain way, None if it brings none. Raises
ProblemError if it may not be used, as a cookie without its CSRF header."""

_REMEMBERED_SECONDS = 30.0
_MOST = 10_000  # about 10 MB


class Scheme(Protocol):
    """One kind of credential."""

    def accepts(self, credential: str) -> bool:
        """Say by its looks alone whether it is of this kind."""

    async def examine(self, credential: str) -> Verified:
        """Return whose it is. Raises ProblemError, 401 for a credential that is worth nothing."""


class Tokens:
    """JSON Web Tokens: whatever no other scheme claimed."""

    def __init__(self, verifier: TokenVerifier) -> None:
        """Ask `verifier`."""
        self.verifier = verifier

    def accepts(self, credential: str) -> bool:
        """Take anything."""
        return True

    async def examine(self, credential: str) -> Verified:
        """Verify signature and claims. Raises ProblemError 401, 503."""
        return await self.verifier.examine(credential)


class Authentication:
    """Turns a request into its principal.

    `finders` are asked in order, then `schemes`; the last scheme takes everything.
    """

    def __init__(
        self,
        schemes: Sequence[Scheme],
        *,
        finders: Sequence[Finder] = (),
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look for bearer tokens and, after them, where `finders` look."""
        self._schemes = schemes
        self._finders = (bearer_token, *finders)
        self._clock = clock
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[Verified, float]] = {}

    async def authenticate(self, scope: Scope) -> Principal:
        """Return who sends the request in `scope`. Raises ProblemError 401, 403, 503."""
        credential = self._find(scope)
        digest = hashlib.sha256(credential.encode()).digest()
        if remembered := self._recall(digest):
            return remembered.principal
        scheme = next(scheme for scheme in self._schemes if scheme.accepts(credential))
        verified = await scheme.examine(credential)
        self._remember(digest, verified)
        return verified.principal

    def forget(self) -> None:
        """Forget all remembered credentials."""
        self._known.clear()

    def _find(self, scope: Scope) -> str:
        for find in self._finders:
            if (credential := find(scope)) is not None:
                return credential
        return bearer(None)

    def _recall(self, digest: bytes) -> Verified | None:
        verified, until = self._known.get(digest, _NOTHING)
        if verified is None:
            return None
        if (
            self._monotonic() < until
            and self._clock() < verified.expires
            and verified.still_valid()
        ):
            return verified
        # two requests with one credential may both be here
        self._known.pop(digest, None)
        return None

    def _remember(self, digest: bytes, verified: Verified) -> None:
        while len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[digest] = (verified, self._monotonic() + _REMEMBERED_SECONDS)


_NOTHING = (None, 0.0)


def bearer_token(scope: Scope) -> str | None:
    """Find the token of `Authorization: Bearer`. Raises ProblemError 401 for another use of the
    header, also for one that comes twice: no two readers may see different callers."""
    values = [value for key, value in scope["headers"] if key == b"authorization"]
    if not values:
        return None
    return bearer(values[0].decode("latin-1") if len(values) == 1 else None)

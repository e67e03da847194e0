"""One safe call to an address that an outsider chose.

The name is resolved once. Every resolved address must be public, and the socket connects to one of
those, with the name in `Host` and SNI. Redirects are not followed, the environment's proxies are
ignored, nothing is decompressed, no cookie is kept, only a few kilobytes of the body are read, and
one deadline covers everything.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from chassis.addresses import is_public
from chassis.webhooks.settings import WebhookSettings

DEADLINE_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_LARGEST_ANSWER = 4096  # bytes; a longer one costs its connection
# names that hang must not keep others waiting
_LOOKUPS = 32
_KEEPALIVE_SECONDS = 15.0
_LONGEST_WAIT = 3600
_REMEMBERED = 4096

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[Any, ...]]]]
"""Looks up a host and port like `loop.getaddrinfo`."""


class BlockedError(OSError):
    """The address must not be called."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a call: a status, or an error (`timeout`, `blocked`, `tls`, `connection`,
    `response`). It contains nothing of the body, which could be an internal page."""

    status: int | None
    error: str | None
    milliseconds: int
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        """Return whether the receiver accepted the message: any 2xx."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the 2xx


@cache
def _authorities() -> ssl.SSLContext:
    """Read the system's certificates, once: it takes some milliseconds of the event loop."""
    return ssl.create_default_context()


class Sender:
    """Sends; use it as a context. One serves a whole process."""

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        deadline: float = DEADLINE_SECONDS,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        """Create a sender; `deadline` bounds a call in seconds. Tests pass their own authority
        and resolver."""
        # the same few thousand texts again and again
        self._reason = lru_cache(maxsize=_REMEMBERED)(settings.reason_against)
        self._deadline = aiohttp.ClientTimeout(total=deadline, sock_connect=_CONNECT_SECONDS)
        self._tls = tls or _authorities()
        self._guard = _Guard(bool(settings.webhook_allow_private), resolve)

    async def __aenter__(self) -> Self:
        """Open the pool of connections."""
        connector = aiohttp.TCPConnector(
            resolver=self._guard,
            socket_factory=self._guard.socket,
            ssl=self._tls,
            limit=0,
            keepalive_timeout=_KEEPALIVE_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._deadline,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self._session.close()
        await self._guard.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST `body`; never raise for a failure of the other side."""
        begun = time.perf_counter()
        status, error, wait = None, None, None
        try:
            self._check(url)
            status, wait = await self._post(url, body, headers)
        except (aiohttp.ClientError, OSError, ValueError) as raised:
            error = _name(raised)
        return Answer(status, error, round((time.perf_counter() - begun) * 1000), wait)

    def _check(self, url: str) -> None:
        if reason := self._reason(url):
            raise BlockedError(reason)

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, int | None]:
        async with self._session.post(
            url, data=body, headers=headers, allow_redirects=False
        ) as response:
            if not response.content.at_eof():
                await _drain(response)
            return response.status, _seconds(response.headers.get("Retry-After", ""))


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short answer to its end, so that the connection can be used again."""
    left = _LARGEST_ANSWER
    while left > 0 and (chunk := await response.content.read(left)):
        left -= len(chunk)
    if left <= 0:
        response.close()


def _seconds(value: str) -> int | None:
    return min(int(value), _LONGEST_WAIT) if value.isascii() and value.isdecimal() else None


def _name(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BlockedError):
            return "blocked"
        cause = cause.__cause__
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "tls"
    return "response" if isinstance(error, aiohttp.ClientResponseError) else "connection"


class _Guard(AbstractResolver):
    """A resolver and socket factory that allow public addresses only.

    The resolver refuses a name if one of its addresses is not public. The socket factory also
    checks addresses written into the URL, which need no resolver.
    """

    def __init__(self, allow_private: bool, resolve: Resolve | None) -> None:
        self._allow_private = allow_private
        self._resolve = resolve or self._lookup
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhook-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        resolved = await self._resolve(host, port)
        for *_, address in resolved:
            self._check(address[0])
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, *_, address in resolved
        ]

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        self._check(address[0])
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, address: str) -> None:
        if not self._allow_private and not is_public(address):
            raise BlockedError(f"{address} is not public")

    async def _lookup(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )

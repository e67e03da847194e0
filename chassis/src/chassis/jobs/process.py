"""A process beside the server: it handles signals, answers a probe and waits for a database."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from chassis.environment import SettingsError

_PAUSE_SECONDS = 2.0
_PROBE_SECONDS = 2.0
_ALIVE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
    b'Connection: close\r\n\r\n{"status":"ok"}'
)
DATABASE_UNAVAILABLE = (ConnectorException, psycopg.OperationalError, PoolTimeout)
"""The errors of a database that does not answer, or has no queue yet."""


class Stop:
    """The stop request of this process."""

    def __init__(self) -> None:
        """Start without a stop request."""
        self.requested = asyncio.Event()

    def listen(self) -> None:
        """Treat SIGTERM and SIGINT as a stop request; needs a running event loop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.requested.set)

    async def retry_until_stopped(self, name: str, once: Callable[[], Awaitable[None]]) -> None:
        """Call `once` repeatedly until the stop; wait a moment after each database failure."""
        while not self.requested.is_set():
            try:
                await once()
            except DATABASE_UNAVAILABLE as error:
                cause = type(error.__cause__ or error).__name__
                structlog.get_logger().error(f"{name} waits for the database", error=cause)
                await self._pause()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self.requested.wait(), _PAUSE_SECONDS)
        except TimeoutError:
            return


@asynccontextmanager
async def liveness(port: int | None) -> AsyncIterator[None]:
    """Answer every HTTP request on `port` with 200 while the event loop runs; without a port, do
    nothing.

    It checks no other system: an unavailable database is no reason to restart this process. Raises
    SettingsError if the port is in use.
    """
    if port is None:
        yield
        return
    try:
        # the orchestrator asks from outside
        server = await asyncio.start_server(_answer, "0.0.0.0", port)  # noqa: S104
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(
            f"PROBE_PORT: {port} cannot be used ({reason}); set it to a free port, or not at all."
        ) from None
    async with server:
        yield


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ALIVE)
            await writer.drain()
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()

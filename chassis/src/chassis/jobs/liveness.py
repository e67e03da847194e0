"""What a liveness probe asks a process that serves no requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
    b'Connection: close\r\n\r\n{"status":"ok"}'
)
_SECONDS = 2.0


@asynccontextmanager
async def liveness(port: int | None) -> AsyncIterator[None]:
    """Answer every HTTP request on ``port`` with 200 for as long as the event loop turns; without a
    port, do nothing.

    It asks nobody else: a database that is away is no reason to restart this process.
    """
    if port is None:
        yield
        return
    async with await asyncio.start_server(_answer, "0.0.0.0", port):  # noqa: S104 - the kubelet asks from outside
        yield


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(_SECONDS):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ANSWER)
            await writer.drain()
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()

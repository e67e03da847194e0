"""Fixtures: a receiver of webhooks, and calls of the API."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from chassis.fastapi.testing import Bearer

EVERYTHING = (
    "endpoints:read",
    "endpoints:write",
    "events:write",
    "deliveries:read",
    "deliveries:write",
)


@dataclass
class Message:
    """A received message: headers in lower case, and the body as it was signed."""

    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """A real server on loopback. It answers with `statuses` in order, then with 204."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Receive one message."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.splitlines()[1:-1]]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        self.messages.append(Message(headers, body))
        status = self.statuses.pop(0) if self.statuses else 204
        writer.write(f"HTTP/1.1 {status} -\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Receiver]:
    """Listen on a free port."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
    yield receiver
    server.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Return a receiver."""
    async with serving() as started:
        yield started


type Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def call(client: httpx2.AsyncClient, bearer: Bearer) -> Call:
    """Return a function that makes a successful request with every permission.

    It returns the body: `await call("POST", "/v1/events", type="order.paid", data={})`.
    """

    async def make(method: str, path: str, **body: Any) -> Any:
        headers = bearer(*EVERYTHING)
        answer = await client.request(method, path, json=body or None, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    return make

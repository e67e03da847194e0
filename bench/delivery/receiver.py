"""A receiver of webhooks that costs as little as possible: it answers 204 after a delay.

`python receiver.py PORT DELAY` (seconds). `GET /seen` answers how often each webhook-id arrived.
"""

import asyncio
import json
import sys
from collections import Counter
from typing import ClassVar

ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection, kept alive."""

    seen: ClassVar[Counter[str]] = Counter()
    delay = 0.05

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1")
            parts = (line.partition(": ") for line in head.split("\r\n")[1:])
            fields = {name.lower(): value for name, _, value in parts}
            size = end + 4 + int(fields.get("content-length", "0"))
            if len(self.buffer) < size:
                return
            self.buffer = self.buffer[size:]
            self.answer(head, fields)

    def answer(self, head: str, fields: dict[str, str]) -> None:
        """Count the message and answer after the delay."""
        if head.startswith("GET /seen"):
            body = json.dumps(self.seen).encode()
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            return
        self.seen[fields.get("webhook-id", "")] += 1
        asyncio.get_running_loop().call_later(self.delay, self.reply)

    def reply(self) -> None:
        """Answer, unless the sender closed the connection."""
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def main(port: int, delay: float) -> None:
    """Serve until the process is ended."""
    Receiver.delay = delay
    server = await asyncio.get_running_loop().create_server(
        Receiver, "127.0.0.1", port, backlog=1024
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))

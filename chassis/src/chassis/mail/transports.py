"""Transports of email: a server; in development a folder; in tests a list."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import structlog

_TIMEOUT_SECONDS = 20
_PORTS = {"smtp": 587, "smtps": 465}
_LOCAL = ("localhost", "127.0.0.1", "::1")


class TransportError(ValueError):
    """The URL of the mail server is not valid; the text does not contain the URL."""


class Transport(Protocol):
    """A way to send a message."""

    async def send(self, message: EmailMessage) -> None:
        """Send `message`. Raises OSError, which includes the errors of smtplib."""


@dataclass(frozen=True, repr=False)
class Smtp:
    """A mail server.

    `smtps` uses TLS from the start, `smtp` after STARTTLS, which is optional only for a server on
    this machine. The client of the standard library in a thread is enough, because a worker sends
    few emails at a time.
    """

    host: str
    port: int
    implicit_tls: bool = False
    user: str = ""
    password: str = ""

    @classmethod
    def at(cls, url: str) -> "Smtp":
        """Read `smtp://user:password@host:port` or `smtps://…`. Raises TransportError."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in _PORTS:
            raise TransportError("set it to smtp://user:password@host or smtps://…")
        return cls(
            host,
            port or _PORTS[parts.scheme],
            implicit_tls=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    async def send(self, message: EmailMessage) -> None:
        """Send `message` in a thread. Raises OSError."""
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        with self._connect() as server:
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.implicit_tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_SECONDS)
        try:
            server.ehlo()
            if self.host not in _LOCAL or server.has_extn("starttls"):
                server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server


@dataclass(frozen=True)
class Folder:
    """A folder for development: one .eml file per email, for a mail program or an editor."""

    path: Path

    async def send(self, message: EmailMessage) -> None:
        """Write `message` as a file."""
        self.write(message)

    def write(self, message: EmailMessage) -> None:
        """Write the file and log its path, not the text, which may contain a token."""
        file = self.path / f"{uuid4().hex}.eml"
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(message.as_bytes())
        structlog.get_logger().info("mail_written", subject=message["Subject"], file=str(file))


@dataclass(frozen=True)
class Memory:
    """A list for tests: the sent messages in order."""

    sent: list[EmailMessage] = field(default_factory=list)

    async def send(self, message: EmailMessage) -> None:
        """Append `message` to `sent`."""
        self.sent.append(message)

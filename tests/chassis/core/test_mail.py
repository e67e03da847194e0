"""Mail: stored, sent, and never shown."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import capture_logs

from chassis import mail
from chassis.mail import Folder, Mail, Memory, Smtp, TransportError
from lender import Lender

SENDER = "Orders <orders@example.com>"
HELLO = Mail("ada@example.org", "Grüße", "Your code: s3cret\n")


class Received(Message):
    """Keeps what a mail server took."""

    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.messages: list[EmailMessage] = []

    def handle_message(self, message: EmailMessage) -> None:  # type: ignore[override]
        """Keep it."""
        self.messages.append(message)


@asynccontextmanager
async def serving(host: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Any]:
    """Run a mail server; give its port and what it gets."""
    received = Received()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(received), host, 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], received.messages


async def test_a_server_gets_the_message() -> None:
    """From the sender, in plain text, marked as written by a machine."""
    async with serving("127.0.0.1") as (port, received):
        await Smtp.at(f"smtp://127.0.0.1:{port}").send(HELLO.message(SENDER))
    [message] = received
    assert (message["From"], message["To"]) == (SENDER, "ada@example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.com>")
    assert message.get_payload(decode=True) == b"Your code: s3cret\r\n"


async def test_a_server_elsewhere_must_offer_tls() -> None:
    """Neither a password nor a code crosses a network in clear."""
    async with serving("127.0.0.2") as (port, received):
        with pytest.raises(OSError, match="STARTTLS"):
            await Smtp.at(f"smtp://ada:pw@127.0.0.2:{port}").send(HELLO.message(SENDER))
    assert received == []


async def test_a_server_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """Nobody in between reads along."""
    async with serving("127.0.0.1", certified(tmp_path)) as (port, received):
        with pytest.raises(ssl.SSLCertVerificationError):
            await Smtp.at(f"smtps://127.0.0.1:{port}").send(HELLO.message(SENDER))
    assert received == []


def certified(folder: Path) -> ssl.SSLContext:
    """Make a certificate that nobody vouches for."""
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(certificate + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", Smtp("mail.example", 587)),
        ("smtps://a%40b:p%2Fw@mail.example", Smtp("mail.example", 465, True, "a@b", "p/w")),
        ("smtp://mail.example:25", Smtp("mail.example", 25)),
    ],
)
def test_an_address_is_read(url: str, expected: Smtp) -> None:
    """With the ports that the schemes stand for."""
    assert Smtp.at(url) == expected
    assert "p/w" not in repr(Smtp.at(url))


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://a:b@c:d"]
)
def test_an_address_that_cannot_be_used_is_said(url: str) -> None:
    """Without repeating it: it holds a password."""
    with pytest.raises(TransportError, match="set it to smtp://") as caught:
        Smtp.at(url)
    assert "a:b" not in str(caught.value)


async def test_development_writes_files(tmp_path: Path) -> None:
    """The log names the subject and the file, and nothing of the text or the recipient."""
    with capture_logs() as logged:
        await Folder(tmp_path / "mail").send(HELLO.message(SENDER))
    [file] = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert "s3cret" not in str(logged)
    assert "ada@" not in str(logged)
    assert [line["subject"] for line in logged] == ["Grüße"]


async def test_a_mail_is_deleted_once_it_was_sent(connect: Lender) -> None:
    """A second job for it, or one for a mail that never was, does nothing."""
    outbox = Memory()
    async with connect() as connection:
        identifier = await mail.keep(connection, HELLO)
    for number in (identifier, identifier, uuid4()):
        await mail.deliver(connect, number, outbox, sender=SENDER)
    assert [message["Subject"] for message in outbox.sent] == ["Grüße"]
    assert await connect.rows("SELECT 1 FROM platform.mail") == []


class Broken:
    """A transport whose server is down; it sees whether a connection was out meanwhile."""

    def __init__(self, connect: Lender) -> None:
        self.connect = connect

    async def send(self, message: EmailMessage) -> None:
        """Fail."""
        raise OSError(f"{self.connect.lent} connections are out")


async def test_a_mail_that_could_not_be_sent_stays(connect: Lender) -> None:
    """For the next try, and no connection waits for a mail server; after two days it is purged."""
    async with connect() as connection:
        identifier = await mail.keep(connection, HELLO)
    with pytest.raises(OSError, match="0 connections are out"):
        await mail.deliver(connect, identifier, Broken(connect), sender=SENDER)
    await connect.rows("UPDATE platform.mail SET created_at = now() - interval '3 days'")
    async with connect() as connection:
        assert await mail.purge(connection) == 1


@pytest.mark.parametrize("subject", ["a\nBcc: eve@example.org", "a\r\n\r\nbody"])
def test_a_subject_does_not_end_its_line(subject: str) -> None:
    """Nobody adds recipients through a name that a mail quotes."""
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        Mail("ada@example.org", subject, "").message(SENDER)

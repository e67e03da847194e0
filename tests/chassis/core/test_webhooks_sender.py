"""One call to an address that a stranger chose: where it goes, and how long it may take.

The servers are real, on loopback; names are resolved by the test.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chassis.webhooks import sender as sender_module
from chassis.webhooks.sender import Answer, Sender
from chassis.webhooks.settings import WebhookSettings

BODY = b'{"type":"order.paid"}'
NAME = "hooks.example.com"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def settings(*, private: bool, ports: Sequence[int] = (443,)) -> WebhookSettings:
    """Give settings that allow loopback or not."""
    return WebhookSettings.model_construct(
        webhook_allow_private=private, webhook_ports=tuple(map(str, ports))
    )


class Resolver:
    """Answers for every name, each time with the next of its addresses."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        loop = asyncio.get_running_loop()
        infos = [await loop.getaddrinfo(address, port, type=1) for address in found]
        return [entry for info in infos for entry in info]


class Server:
    """What a receiver got: the bytes of each request's head and body."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []


@asynccontextmanager
async def serving(
    reply: bytes | Handler = OK, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """Serve on loopback; ``reply`` is written to every request, or handles the connection."""
    made = Server()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            made.requests.append(head + await reader.read(len(BODY)))
            if callable(reply):
                await reply(reader, writer)
            else:
                writer.write(reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, host, 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


async def post(url: str, *, private: bool = True, **options: Any) -> Answer:
    """Send one message."""
    port = int(url.partition("//")[2].partition("/")[0].rpartition(":")[2] or 443)
    async with Sender(settings(private=private, ports=[port]), **options) as sender:
        return await sender.post(url, BODY, {"Content-Type": "application/json"})


async def test_delivers_what_it_was_given() -> None:
    """The receiver gets the body, the name it was called by, and nothing that was not meant."""
    async with serving() as server:
        url = f"http://{NAME}:{server.port}/in?a=1"
        answer = await post(url, resolve=Resolver(["127.0.0.1"]))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert (answer.status, answer.error, answer.ok) == (200, None, True)
    assert body == BODY
    assert sorted(head.decode().split("\r\n")) == sorted(
        [
            "POST /in?a=1 HTTP/1.1",
            f"Host: {NAME}:{server.port}",
            "Content-Type: application/json",
            f"Content-Length: {len(BODY)}",
        ]
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_loopback_is_an_answer(status: int) -> None:
    """Nobody is sent on to where only we can go."""
    async with serving() as inner:
        reply = (
            f"HTTP/1.1 {status} Go\r\nLocation: http://127.0.0.1:{inner.port}/\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        async with serving(reply.encode()) as outer:
            answer = await post(f"http://127.0.0.1:{outer.port}/")
        assert (answer.status, answer.ok) == (status, False)
        assert inner.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "100.64.0.1",
        "①②⑦.0.0.1",
    ],
)
async def test_no_spelling_of_an_inner_address_is_called(host: str) -> None:
    """Literals in any form are refused before a socket is made."""
    async with serving(host="") as server:
        answer = await post(f"https://{host}:{server.port}/", private=False)
    assert (answer.status, answer.error) == (None, "blocked")
    assert server.requests == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["100.64.0.1"],
        ["169.254.169.254"],
    ],
)
async def test_a_name_for_an_inner_address_is_not_called(addresses: list[str]) -> None:
    """One inner address among the public ones is enough to refuse the name."""
    async with serving(host="") as server:
        answer = await post(
            f"https://{NAME}:{server.port}/", private=False, resolve=Resolver(addresses)
        )
    assert answer.error == "blocked"
    assert server.requests == []


async def test_a_name_that_moves_in_later_is_blocked() -> None:
    """Every connection is judged by the answer that it is made with."""
    resolver = Resolver(["127.0.0.1"])
    async with serving() as server:
        answer = await post(f"https://{NAME}:{server.port}/", private=False, resolve=resolver)
    assert answer.error == "blocked"


async def test_a_port_that_is_not_allowed_is_blocked() -> None:
    """An address may be public and its mail server still none of our business."""
    async with Sender(settings(private=False), resolve=Resolver(["8.8.8.8"])) as sender:
        answer = await sender.post(f"https://{NAME}:25/", BODY, {})
    assert answer.error == "blocked"


async def test_a_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would resolve and connect for us, unchecked."""
    async with serving() as proxy, serving() as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        answer = await post(f"http://127.0.0.1:{server.port}/")
    assert answer.ok
    assert proxy.requests == []


async def _endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def test_an_endless_body_is_cut() -> None:
    """The status counts; the rest is not read, and the connection goes."""
    async with serving(_endless) as server:
        answer = await post(f"http://127.0.0.1:{server.port}/")
    assert (answer.status, answer.ok) == (200, True)


async def _dripping(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def _dripping_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


@pytest.mark.parametrize("handler", [_dripping, _dripping_body, _silent])
async def test_everything_together_has_a_deadline(handler: Handler) -> None:
    """A byte now and then does not keep a place occupied."""
    async with serving(handler) as server:
        answer = await post(f"http://127.0.0.1:{server.port}/", deadline=0.3)
    assert (answer.status, answer.error) == (None, "timeout")
    assert answer.milliseconds >= 300


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", "connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "response"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 100_000 + b"\r\n\r\n", "response"),
    ],
)
async def test_what_does_not_speak_http_is_an_error(reply: bytes, error: str) -> None:
    """Nonsense is an outcome like any other, never a crash."""
    async with serving(reply) as server:
        answer = await post(f"http://127.0.0.1:{server.port}/")
    assert (answer.status, answer.error) == (None, error)


async def test_nobody_at_home_is_an_error() -> None:
    """A refused connection too."""
    async with serving() as server:
        pass
    assert (await post(f"http://127.0.0.1:{server.port}/")).error == "connection"


@pytest.mark.parametrize(
    ("value", "wait"), [("7", 7), ("999999", 3600), ("soon", None), ("²", None)]
)
async def test_retry_after_is_heard_within_bounds(value: str, wait: int | None) -> None:
    """A receiver may ask for time, at most an hour."""
    head = f"HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n"
    async with serving(head.encode()) as server:
        answer = await post(f"http://127.0.0.1:{server.port}/")
    assert (answer.status, answer.retry_after) == (503, wait)


async def test_connections_are_used_again() -> None:
    """Two messages to a receiver that keeps its connection take one."""
    served = 0

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        served += 1
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    async with serving(twice) as server, Sender(settings(private=True)) as sender:
        for _ in range(2):
            assert (await sender.post(f"http://127.0.0.1:{server.port}/", BODY, {})).ok
    assert (served, len(server.requests)) == (1, 1)


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.certificate = self._sign(self.name, self.key, days=1, authority=True)

    def server(self, name: str, *, days: int = 1) -> ssl.SSLContext:
        """Make a server's context with a certificate for ``name`` (expired if ``days`` < 0)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._sign(subject, key, days=days, name=name)
        file = self.folder / f"{name}{days}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + made.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def trusting(self) -> ssl.SSLContext:
        """Make a client's context that trusts this authority."""
        pem = self.certificate.public_bytes(Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        days: int,
        name: str = "",
        authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if authority:
            usage = x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True,
                content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            builder = builder.add_extension(usage, critical=True)
        else:
            names = x509.SubjectAlternativeName([x509.DNSName(name)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())


async def test_tls_goes_to_the_checked_address_under_the_original_name(tmp_path: Path) -> None:
    """SNI, certificate and ``Host`` are those of the name."""
    authority = Authority(tmp_path)
    context = authority.server(NAME)
    named: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    async with serving(tls=context) as server:
        url = f"https://{NAME}:{server.port}/"
        resolver = Resolver(["127.0.0.1"])
        answer = await post(url, resolve=resolver, tls=authority.trusting())
    assert (answer.error, answer.ok) == (None, True)
    assert named == [NAME]
    assert f"Host: {NAME}".encode() in server.requests[0]


async def test_a_rebinding_name_is_resolved_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The address that was checked is the one that is called: there is no second question."""
    # loopback's second address stands in for a public one
    monkeypatch.setattr(sender_module, "is_public", lambda address: address == "127.0.0.2")
    authority = Authority(tmp_path)
    resolver = Resolver(["127.0.0.2"], ["127.0.0.1"])
    async with serving(tls=authority.server(NAME), host="127.0.0.2") as server:
        url = f"https://{NAME}:{server.port}/"
        answer = await post(url, private=False, resolve=resolver, tls=authority.trusting())
    assert answer.ok
    assert resolver.asked == [NAME]


@pytest.mark.parametrize("case", ["unknown authority", "another name", "expired"])
async def test_invalid_tls_is_an_error(tmp_path: Path, case: str) -> None:
    """Nothing is sent to somebody who cannot prove the name."""
    authority = Authority(tmp_path)
    name = "other.example.com" if case == "another name" else NAME
    tls = None if case == "unknown authority" else authority.trusting()
    context = authority.server(name, days=-1 if case == "expired" else 1)
    async with serving(tls=context) as server:
        url = f"https://{NAME}:{server.port}/"
        answer = await post(url, resolve=Resolver(["127.0.0.1"]), tls=tls)
    assert (answer.status, answer.error) == (None, "tls")
    assert server.requests == []

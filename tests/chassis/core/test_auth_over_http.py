"""Verification against a real HTTP issuer that is slow, down or away."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from chassis.auth import TokenVerifier, TrustedIssuer
from chassis.auth.keys import KeySet
from chassis.environment import Environment
from chassis.problems import ProblemError
from issuer import KEY, OTHER, jwk, token

_FETCH_SECONDS = 0.3


class Server:
    """An issuer's key set over HTTP on the loopback address, and what it was made to do."""

    def __init__(self) -> None:
        self.keys = {"a": KEY}
        self.asked = 0
        self.open = threading.Event()
        self.open.set()
        self.status = 200
        self._serving: ThreadingHTTPServer | None = None
        probe = socket.create_server(("127.0.0.1", 0))
        self.port = int(probe.getsockname()[1])
        probe.close()

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"http://127.0.0.1:{self.port}/jwks.json"

    def start(self) -> None:
        """Answer from now on."""
        self._serving = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._serving.daemon_threads = True
        threading.Thread(target=self._serving.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Close the port."""
        self.open.set()
        if self._serving:
            self._serving.shutdown()
            self._serving.server_close()
            self._serving = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked += 1
                server.open.wait(10)
                keys = [jwk(kid, key) for kid, key in server.keys.items()]
                body = json.dumps({"keys": keys}).encode()
                self.send_response(server.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Stay silent."""

        return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    """Give an issuer that does not run yet."""
    made = Server()
    yield made
    made.stop()


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def fetch(url: str) -> Mapping[str, Any]:
    """GET as the platform does, with less patience."""
    async with httpx2.AsyncClient(timeout=_FETCH_SECONDS) as client:
        found: Mapping[str, Any] = (await client.get(url)).raise_for_status().json()
        return found


def trusting(server: Server) -> tuple[TokenVerifier, Clock]:
    """Trust the server, by a clock of our own."""
    trusted = TrustedIssuer("https://issuer.example", "api", server.url)
    made = TokenVerifier([trusted], environment=Environment.TEST, fetch=fetch)
    clock = Clock()
    made._keys = {trusted.issuer: KeySet(server.url, fetch, clock=clock)}
    return made, clock


async def status(verifier: TokenVerifier, value: str) -> int:
    """Give 200 for a token that is accepted, else the status of its problem."""
    try:
        await verifier.verify(value)
    except ProblemError as problem:
        return problem.status
    return 200


async def test_an_issuer_that_is_down_at_the_start_is_503_until_it_is_up(server: Server) -> None:
    """Our callers are told to come back, and are right to."""
    verifier, clock = trusting(server)
    assert await status(verifier, token()) == 503
    server.start()
    assert await status(verifier, token()) == 503  # not asked again so soon
    clock.now += 6
    assert await status(verifier, token()) == 200


async def test_an_issuer_that_hangs_at_the_start_is_503_and_asked_once(server: Server) -> None:
    """A hundred requests wait for one connection, no longer than its time-out."""
    server.start()
    server.open.clear()
    verifier, _ = trusting(server)
    value = token()
    begun = time.monotonic()
    answers = await asyncio.gather(*(status(verifier, value) for _ in range(100)))
    assert set(answers) == {503}
    assert time.monotonic() - begun < 5
    assert server.asked == 1


@pytest.mark.parametrize("failure", ["hanging", "down", "broken"])
async def test_a_known_key_never_waits(server: Server, failure: str) -> None:
    """Whatever its issuer does later; and one fetch is made beside the requests."""
    server.start()
    verifier, clock = trusting(server)
    assert await status(verifier, token()) == 200
    if failure == "hanging":
        server.open.clear()
    elif failure == "down":
        server.stop()
    else:
        server.status = 500
    clock.now += 600
    async with asyncio.timeout(_FETCH_SECONDS / 2):
        assert {await status(verifier, token(jti=str(number))) for number in range(10)} == {200}
    await asyncio.sleep(_FETCH_SECONDS * 1.5)
    assert await status(verifier, token()) == 200
    assert server.asked <= 2


async def test_a_flood_of_unknown_keys_reaches_nobody(server: Server) -> None:
    """Strangers make at most one fetch in five seconds, and no known key waits for it."""
    server.start()
    verifier, clock = trusting(server)
    assert await status(verifier, token()) == 200
    clock.now += 6
    flood = [status(verifier, token(kid=f"k{number}")) for number in range(50)]
    assert set(await asyncio.gather(*flood, status(verifier, token()))) == {200, 401}
    assert server.asked == 2
    for number in range(50):
        assert await status(verifier, token(kid=f"again{number}")) == 401
    assert server.asked == 2


async def test_a_withdrawn_key_takes_its_verified_tokens_along(server: Server) -> None:
    """What was verified with it is vouched for no more, from the fetch that misses it on."""
    server.start()
    verifier, clock = trusting(server)
    verified = await verifier.examine(token())
    assert verified.still_valid()
    server.keys = {"b": OTHER}
    clock.now += 6
    assert await status(verifier, token(OTHER, kid="b")) == 200
    assert not verified.still_valid()
    assert await status(verifier, token()) == 401

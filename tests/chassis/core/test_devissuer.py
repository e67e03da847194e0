"""The development issuer, seen by the verifier that trusts it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from chassis.auth import SINGLE_TENANT, IssuerError, TokenVerifier, TrustedIssuer
from chassis.environment import Environment
from chassis.problems import ProblemError
from conftest import make_service
from devissuer import keys, server, tokens
from devissuer.__main__ import main

TENANT = UUID("8c0e0a34-6f3e-4f1e-9d8f-9a4b3f0f8a11")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a service of its own."""
    root = make_service(tmp_path / "s", "api").root
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def port(checkout: Path) -> Iterator[int]:
    """Run an issuer in this process; give its port."""
    probe = socket.create_server(("127.0.0.1", 0))
    number = int(probe.getsockname()[1])
    probe.close()
    running = server.make(number, keys.load(keys.path(checkout)))
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield number
    running.shutdown()
    running.server_close()
    thread.join()


async def fetch(url: str) -> Mapping[str, Any]:
    """GET a document."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310, ASYNC210 - loopback, in a test
        found: dict[str, Any] = json.load(answer)
        return found


def trusting(port: int, environment: Environment = Environment.DEVELOPMENT) -> TokenVerifier:
    """Trust the issuer at ``port``."""
    name = tokens.issuer(port)
    trusted = TrustedIssuer(name, "api", f"{name}/jwks.json")
    return TokenVerifier([trusted], environment=environment, fetch=fetch)


async def test_a_service_accepts_its_tokens(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """`token` prints one token, which the service's own verifier accepts."""
    arguments = ["token", "--port", str(port), "--permissions", "a:read b", "--subject", "ada"]
    assert main([*arguments, "--tenant", str(TENANT)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    principal = await trusting(port).verify(printed.strip())
    assert (principal.issuer, principal.subject) == (f"http://127.0.0.1:{port}", "ada")
    assert principal.permissions == {"a:read", "b"}
    assert principal.tenant == TENANT


async def test_a_token_names_a_tenant(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to think of one to get a token that is accepted."""
    main(["token", "--port", str(port)])
    principal = await trusting(port).verify(capsys.readouterr().out.strip())
    assert principal.tenant == SINGLE_TENANT


async def test_a_token_is_for_one_audience(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Development is no excuse for a token that fits everywhere."""
    main(["token", "--port", str(port), "--audience", "billing"])
    with pytest.raises(ProblemError, match="refused"):
        await trusting(port).verify(capsys.readouterr().out.strip())


def test_production_refuses_it(port: int) -> None:
    """It signs whatever it is asked to."""
    with pytest.raises(IssuerError, match="not https"):
        trusting(port, Environment.PRODUCTION)


async def test_discovery_names_the_keys(port: int) -> None:
    """The two documents that OpenID Connect discovery knows."""
    found = await fetch(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
    assert found["issuer"] == f"http://127.0.0.1:{port}"
    (key,) = (await fetch(found["jwks_uri"]))["keys"]
    assert {"kty", "n", "e", "kid", "use", "alg"} == set(key)


def test_the_key_is_of_the_checkout_and_of_its_owner(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found from any folder inside, closed to others, never made twice."""
    first = keys.load(keys.path(checkout))
    monkeypatch.chdir(checkout / "api")
    second = keys.load(keys.path(Path.cwd()))
    assert keys.public_jwk(first) == keys.public_jwk(second)
    file = checkout / ".dev" / "issuer.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o077 == 0


def test_a_spoilt_key_is_named(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence and what to do."""
    keys.path(checkout).parent.mkdir()
    keys.path(checkout).write_text("spoilt")
    assert main(["token"]) == 1
    assert capsys.readouterr().err.startswith(f"The development key {keys.path(checkout)} cannot")


def test_a_taken_port_is_one_sentence(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the variable."""
    assert main(["serve", "--port", str(port)]) == 1
    assert f"Port {port} cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(checkout: Path, number: signal.Signals) -> None:
    """Ctrl-C and the manager of processes end it without a traceback."""
    probe = socket.create_server(("127.0.0.1", 0))
    taken = str(probe.getsockname()[1])
    probe.close()
    child = subprocess.Popen(
        [sys.executable, "-m", "devissuer", "serve"],
        env={**os.environ, "ISSUER_PORT": taken},
        stderr=subprocess.PIPE,
    )
    for _ in range(200):
        if not socket.socket().connect_ex(("127.0.0.1", int(taken))):
            break
        threading.Event().wait(0.05)
    child.send_signal(number)
    _, errors = child.communicate(timeout=20)
    assert (child.returncode, errors) == (0, b"")


def test_listens_on_loopback_only(port: int) -> None:
    """Nobody else on the network gets a token accepted here."""
    running = socket.socket()
    assert running.connect_ex(("127.0.0.1", port)) == 0
    running.close()
    made = server.make(0, keys.load(keys.path(Path.cwd())))
    assert made.server_address[0] == "127.0.0.1"
    made.server_close()


def ask(port: int, **fields: str) -> tuple[int, dict[str, Any]]:
    """Ask for a token; fields that begin with a capital are headers."""
    headers = {name: value for name, value in fields.items() if name[0].isupper()}
    form = {name: value for name, value in fields.items() if name not in headers}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/token", urlencode(form), headers)
    answer = connection.getresponse()
    status, found = answer.status, json.loads(answer.read())
    connection.close()
    return status, found


GRANT = {"grant_type": "client_credentials"}


async def test_a_service_gets_a_token_of_its_own(port: int) -> None:
    """By client credentials, as of a real issuer: scopes become permissions."""
    given = {"client_id": "billing", "client_secret": "any", "scope": "a:read b"}
    status, found = ask(port, **GRANT, **given, tenant=str(TENANT))
    assert (status, found["token_type"], found["expires_in"]) == (200, "Bearer", 600)
    principal = await trusting(port).verify(found["access_token"])
    assert (principal.subject, principal.tenant) == ("billing", TENANT)
    assert principal.permissions == {"a:read", "b"}


async def test_a_client_may_name_itself_in_a_header(port: int) -> None:
    """As most libraries do; the audience is the one it asks for."""
    basic = b64encode(b"billing:any").decode()
    _, found = ask(port, **GRANT, Authorization=f"Basic {basic}")
    assert (await trusting(port).verify(found["access_token"])).subject == "billing"
    _, found = ask(port, **GRANT, client_id="x", resource="https://other.example")
    with pytest.raises(ProblemError, match="refused"):
        await trusting(port).verify(found["access_token"])


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        (GRANT, "invalid_client"),
        ({**GRANT, "Authorization": "Basic !"}, "invalid_client"),
        ({**GRANT, "client_id": "x", "tenant": "acme"}, "invalid_request"),
        ({f"a{number}": "x" for number in range(30)}, "invalid_request"),
    ],
)
def test_a_wrong_request_gets_the_standards_error(
    port: int, fields: dict[str, str], error: str
) -> None:
    """RFC 6749, section 5.2."""
    status, found = ask(port, **fields)
    assert (status, found["error"]) == (400, error)


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_page_in_the_browser_gets_no_token(port: int, headers: dict[str, str]) -> None:
    """Neither from its own origin nor under a name that leads here."""
    status, found = ask(port, **GRANT, client_id="x", **headers)
    assert (status, found) == (403, {"error": "access_denied"})

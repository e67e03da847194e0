"""A company's identity provider over real HTTP: one person signs in there without being asked."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


class Provider(ThreadingHTTPServer):
    """OpenID Connect as far as a sign-in needs it (authorization code with PKCE)."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port; `person` is what the provider says about who signs in."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.person: dict[str, Any] = {}
        self.challenges: dict[str, str] = {}

    def authorize(self, query: dict[str, str]) -> str:
        """Give the address where the provider sends the browser back to."""
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = query["code_challenge"]
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def redeem(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Give a token for a code, once, to whoever knows the verifier and our secret."""
        digest = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest())
        challenge = self.challenges.pop(form["code"], None)
        known = form["client_id"] == "orders" and form["client_secret"] == "hush"
        if not known or digest.decode().rstrip("=") != challenge:
            return None
        return {"access_token": "a-token", "token_type": "Bearer", "expires_in": 60}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        """Discovery, and what the provider knows of the person."""
        issuer = self.server.issuer
        if self.path == "/.well-known/openid-configuration":
            self._answer(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "userinfo_endpoint": f"{issuer}/userinfo",
                    "jwks_uri": f"{issuer}/jwks",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        elif self.headers.get("Authorization") == "Bearer a-token":
            self._answer(self.server.person)
        else:
            self._answer({"error": "invalid_token"}, status=401)

    def do_POST(self) -> None:
        """A code for a token."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = self.server.redeem({key: value[0] for key, value in parse_qs(body).items()})
        self._answer(found or {"error": "invalid_grant"}, status=200 if found else 400)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def serving() -> Iterator[Provider]:
    """Run a provider for the time of a test."""
    with Provider() as provider:
        Thread(target=provider.serve_forever, daemon=True).start()
        yield provider
        provider.shutdown()


def query_of(address: str) -> dict[str, str]:
    """Give the parameters of an address, each once."""
    return {key: value[0] for key, value in parse_qs(urlsplit(address).query).items()}

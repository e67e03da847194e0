"""The HTTP server: discovery, keys, and tokens for clients."""

import json
from collections.abc import Mapping
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from devissuer import grants, tokens
from devissuer.keys import public_jwk
from devissuer.tokens import LIFETIME_SECONDS, issuer

_TOKEN = "/token"  # noqa: S105 - a path
_NOT_FOUND = (HTTPStatus.NOT_FOUND, {"error": "not found"})
type Answer = tuple[HTTPStatus, Mapping[str, Any]]


def make(port: int, key: RSAPrivateKey) -> ThreadingHTTPServer:
    """Make a server on the loopback address; `serve_forever` runs it.

    Raises OSError when the port is taken.
    """
    return ThreadingHTTPServer(("127.0.0.1", port), _handler(_Issuer(port, key)))


class _Issuer:
    """The responses, without HTTP."""

    def __init__(self, port: int, key: RSAPrivateKey) -> None:
        self._port = port
        self._key = key
        self._names = {f"127.0.0.1:{port}", f"localhost:{port}"}
        name = issuer(port)
        self._documents: dict[str, Mapping[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": name,
                "jwks_uri": f"{name}/jwks.json",
                "token_endpoint": f"{name}{_TOKEN}",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                ],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
            },
            "/jwks.json": {"keys": [public_jwk(key)]},
        }

    def document(self, path: str) -> Answer:
        """Answer a GET."""
        document = self._documents.get(path.partition("?")[0])
        return (HTTPStatus.OK, document) if document else _NOT_FOUND

    def token(self, path: str, headers: Message, body: str) -> Answer:
        """Answer a POST."""
        if path != _TOKEN:
            return _NOT_FOUND
        # a page in the developer's browser must not get a token, under whatever name it reaches
        # this address (DNS rebinding)
        if headers.get("Host") not in self._names or headers.get("Origin"):
            return HTTPStatus.FORBIDDEN, {"error": "access_denied"}
        try:
            grant = grants.read(body, headers.get("Authorization"))
        except grants.GrantError as error:
            refusal = {"error": error.code, "error_description": str(error)}
            return HTTPStatus.BAD_REQUEST, refusal
        return HTTPStatus.OK, self._issue(grant)

    def _issue(self, grant: grants.Grant) -> dict[str, Any]:
        token = tokens.sign(
            self._key,
            port=self._port,
            audience=grant.audience,
            subject=grant.client,
            permissions=grant.scope,
            tenant=grant.tenant,
        )
        details = {"token_type": "Bearer", "expires_in": LIFETIME_SECONDS, "scope": grant.scope}
        return {"access_token": token, **details}


def _handler(issuer: _Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*issuer.document(self.path))

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() else 0
            # what is too large is cut, and no form any more
            body = self.rfile.read(min(size, grants.LARGEST_BODY)).decode(errors="replace")
            self._answer(*issuer.token(self.path, self.headers, body))

        def _answer(self, status: HTTPStatus, document: Mapping[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store" if self.command == "POST" else "no-cache")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent: the service logs its own requests."""

    return Handler

"""The two documents that a verifier asks an issuer for."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from devissuer.keys import public_jwk
from devissuer.tokens import issuer


def make(port: int, key: RSAPrivateKey) -> ThreadingHTTPServer:
    """Make a server on the loopback address; ``serve_forever`` runs it.

    Raises OSError when the port is taken.
    """
    name = issuer(port)
    documents = {
        "/.well-known/openid-configuration": {
            "issuer": name,
            "jwks_uri": f"{name}/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        },
        "/jwks.json": {"keys": [public_jwk(key)]},
    }
    return ThreadingHTTPServer(("127.0.0.1", port), _handler(documents))


def _handler(documents: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = documents.get(self.path.partition("?")[0])
            body = json.dumps(document or {"error": "not found"}).encode()
            self.send_response(HTTPStatus.OK if document else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent: the service logs its own requests."""

    return Handler

"""A token issuer for the load: it serves its key set on a port and writes its tokens to files."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

HOT, FRESH, BAD = 1_000, 12_000, 200
_SECONDS = 7200
_KEY = generate_private_key(65537, 2048)
_STRANGER = generate_private_key(65537, 2048)


def serve() -> tuple[str, ThreadingHTTPServer]:
    """Serve the key set and return the issuer's address and its server."""
    key = {**RSAAlgorithm.to_jwk(_KEY.public_key(), as_dict=True), "kid": "bench", "use": "sig"}
    body = json.dumps({"keys": [key]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}", server


def write(folder: Path, issuer: str) -> None:
    """Write three files with one header value a line: tokens of known callers, of new callers, and
    of an unknown issuer."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": "api", "iat": now, "exp": now + _SECONDS}
    claims["tenant"] = "8c0e0a34-6f3e-4f1e-9d8f-9a4b3f0f8a11"
    claims["scope"] = "bench:read bench:write endpoints:read endpoints:write events:write"
    for name, count, key in (
        ("hot", HOT, _KEY),
        ("fresh", FRESH, _KEY),
        ("bad", BAD, _STRANGER),
    ):
        tokens = (
            "Bearer "
            + jwt.encode(
                {**claims, "sub": f"{name}-{number}"}, key, "RS256", headers={"kid": "bench"}
            )
            for number in range(count)
        )
        (folder / name).write_text("\n".join(tokens) + "\n", encoding="utf-8")

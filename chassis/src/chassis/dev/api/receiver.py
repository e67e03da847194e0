"""`python -m chassis receiver`: receive webhooks on this machine and show them."""

import argparse
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chassis.dev import up
from chassis.errors import UserError
from chassis.service import Service
from chassis.webhooks import signing

_HOST = "127.0.0.1"
_LARGEST = 1_000_000
_VARIABLE = "WEBHOOK_SECRET"


def run(service: Service, options: argparse.Namespace) -> None:
    """Answer 204 to every message and print a line about it, until the process is stopped.

    With an endpoint's secret in `WEBHOOK_SECRET` it verifies signatures, and answers 401 to a wrong
    one. Raises UserError when the port is taken or the secret is not valid.
    """
    del options
    port = up.port(service, "receiver")
    secret = os.environ.get(_VARIABLE)
    try:
        keys = [signing.key(secret)] if secret else []
        server = ThreadingHTTPServer((_HOST, port), _handler(keys))
    except ValueError as error:
        raise UserError(f"{_VARIABLE} is not the secret of an endpoint: {error}.") from None
    except OSError as error:
        raise UserError(
            f"Port {port} cannot be used ({error.strerror}): stop what uses it, or choose another "
            f"in .env: RECEIVER_PORT={port + 10}."
        ) from error
    with server:
        _say(f"receiver: http://{_HOST}:{port}")
        server.serve_forever()


def _handler(keys: list[bytes]) -> type[BaseHTTPRequestHandler]:
    seen: set[str] = set()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        """Takes one message."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Show the message and whether it is genuine."""
            size = self.headers.get("Content-Length", "")
            # a body of unknown length would be left on the connection
            body = self.rfile.read(int(size)) if size.isdecimal() and int(size) < _LARGEST else b""
            headers = {name.lower(): value for name, value in self.headers.items()}
            genuine = _verify(keys, headers, body)
            message = headers.get("webhook-id", "-")
            with lock:
                again = message in seen
                seen.add(message)
            trace = headers.get("traceparent", "").split("-")[1:2] or ["-"]
            _say(
                f"{_type(body)} webhook-id={message}{' (again)' if again else ''} "
                f"signature={genuine} trace_id={trace[0]}"
            )
            self.send_response(401 if genuine == "wrong" else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write no line of its own."""

    return Handler


def _verify(keys: list[bytes], headers: dict[str, str], body: bytes) -> str:
    if not keys:
        return "unchecked"
    try:
        signing.verify(keys, headers, body)
    except signing.SignatureError:
        return "wrong"
    return "verified"


def _type(body: bytes) -> str:
    try:
        return str(json.loads(body)["type"])
    except (ValueError, KeyError, TypeError):
        return "something"


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()

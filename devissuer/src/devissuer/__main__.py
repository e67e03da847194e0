"""`python -m devissuer serve` and `python -m devissuer token`."""

import argparse
import os
import signal
import sys
import threading
from http.server import HTTPServer
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from devissuer import keys, server, tokens

_PORT = "8002"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the process's exit code."""
    options = _parser().parse_args(arguments)
    try:
        key = keys.load(keys.path(Path.cwd()))
        if options.command == "serve":
            _serve(server.make(options.port, key))
        else:
            sys.stdout.write(_token(key, options) + "\n")
    except keys.KeyFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(
            f"Port {options.port} cannot be used ({error.strerror}): set ISSUER_PORT to another.\n"
        )
        return 1
    return 0


def _serve(running: HTTPServer) -> None:
    def stop(*_: object) -> None:
        # shutdown() waits for the loop that the signal interrupted, hence the thread
        threading.Thread(target=running.shutdown).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with running:
        running.serve_forever()


def _token(key: RSAPrivateKey, options: argparse.Namespace) -> str:
    return tokens.sign(
        key,
        port=options.port,
        audience=options.audience,
        subject=options.subject,
        permissions=options.permissions,
        tenant=options.tenant,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devissuer", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer verifiers on the loopback address")
    token = commands.add_parser("token", help="print an access token of ten minutes")
    for command in (serve, token):
        default = os.environ.get("ISSUER_PORT") or _PORT
        command.add_argument("--port", type=int, default=default, help="default: ISSUER_PORT, 8002")
    token.add_argument("--audience", default="api", help="the service it is for (default: api)")
    token.add_argument("--permissions", default="", help='for example "deliveries:read"')
    token.add_argument("--subject", default="developer", help="whom it stands for")
    single = tokens.SINGLE_TENANT
    token.add_argument("--tenant", type=UUID, default=single, help="default: the single tenant")
    return parser


if __name__ == "__main__":
    sys.exit(main())

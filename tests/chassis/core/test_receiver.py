"""`python -m chassis receiver`: a developer sees what arrives, and whether it is genuine."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.webhooks import signing
from conftest import make_service

SECRET = signing.new_secret()
BODY = b'{"type":"order.paid"}'
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def start(folder: Path, port: int, secret: str) -> "subprocess.Popen[str]":
    """Start a receiver."""
    return subprocess.Popen(
        [sys.executable, "-m", "chassis", "receiver"],
        cwd=folder,
        env={
            "ENVIRONMENT": "development",
            "RECEIVER_PORT": str(port),
            "WEBHOOK_SECRET": secret,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def receiver(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Run a receiver that knows the secret."""
    make_service(tmp_path / "s", "api")
    with start(tmp_path / "s", port, SECRET) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"receiver: http://127.0.0.1:{port}\n"
        yield process
        process.terminate()


def post(port: int, secret: str) -> int:
    """Send the message, signed with ``secret``; give the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    key, now = signing.key(secret), int(time.time())
    headers = signing.headers([key], message="msg_1", at=now, body=BODY)
    connection.request("POST", "/", BODY, headers | {"traceparent": f"00-{TRACE}-{'1' * 16}-01"})
    return connection.getresponse().status


def test_shows_what_arrives(receiver: "subprocess.Popen[str]", port: int) -> None:
    """A line tells the type, the id, whether it came before, the signature and the trace."""
    assert [post(port, SECRET), post(port, SECRET), post(port, signing.new_secret())] == [
        204,
        204,
        401,
    ]
    assert receiver.stdout is not None
    assert [receiver.stdout.readline() for _ in range(3)] == [
        f"order.paid webhook-id=msg_1 signature=verified trace_id={TRACE}\n",
        f"order.paid webhook-id=msg_1 (again) signature=verified trace_id={TRACE}\n",
        f"order.paid webhook-id=msg_1 (again) signature=wrong trace_id={TRACE}\n",
    ]


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("nonsense", "WEBHOOK_SECRET is not the secret"),
        (SECRET, "in .env: RECEIVER_PORT="),
    ],
    ids=["secret", "port"],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, port: int, secret: str, says: str) -> None:
    """A wrong secret or a taken port says what to type next."""
    make_service(tmp_path / "s", "api")
    with socket.socket() as held:
        held.bind(("127.0.0.1", port))
        held.listen()
        with start(tmp_path / "s", port, secret) as process:
            _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.count("\n")) == (1, 1)
    assert says in errors

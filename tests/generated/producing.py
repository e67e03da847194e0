"""Producers and a receiver of webhooks on loopback, that keep count of everything."""

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from uuid import UUID, uuid4

from tests.generated.serving import ask, free_port

PRODUCERS = 8
PATIENCE = 60  # seconds for anything that is waited for
_PAUSE = 0.05
_RECEIVER = Path(__file__).parents[2] / "bench" / "delivery" / "receiver.py"


@dataclass
class Producing:
    """Producers that send each event again, with its key, until it is accepted.

    `accepted` are the ids of the service by our keys; `answers` counts every status, None standing
    for a connection that broke; `refusals` are the bodies and headers of what was no 202.
    """

    url: str
    token: str
    accepted: dict[str, str] = field(default_factory=dict)
    answers: Counter[int | None] = field(default_factory=Counter)
    refusals: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    # the service knows a key for ever
    run: UUID = field(default_factory=uuid4)

    def produce(self, name: int) -> None:
        """Send events, one after the other, until told to stop and the last one is accepted."""
        number = 0
        while not self.stop.is_set():
            key = f"{self.run}-{name}-{number}"
            while not self.send(key):
                time.sleep(_PAUSE)
            number += 1

    def send(self, key: str) -> bool:
        """Send one event; say whether it was accepted."""
        body = json.dumps({"type": "order.paid", "data": {"key": key}, "key": key}).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/v1/events", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.answers[answer.status] += 1
                self.accepted[key] = json.load(answer)["id"]
                return True
        except urllib.error.HTTPError as error:
            self.answers[error.code] += 1
            self.refusals.append((error.read().decode(), dict(error.headers)))
        except OSError:
            self.answers[None] += 1
        return False


@contextlib.contextmanager
def producing(url: str, token: str) -> Iterator[Producing]:
    """Keep producers busy meanwhile."""
    made = Producing(url, token)
    threads = [
        threading.Thread(target=made.produce, args=[name], daemon=True) for name in range(PRODUCERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.stop.set()
        for thread in threads:
            thread.join(PATIENCE)


@dataclass(frozen=True)
class Receiver:
    """A running receiver."""

    url: str

    def seen(self) -> Counter[str]:
        """How often each webhook-id came."""
        return Counter(json.loads(ask(f"{self.url}/seen")[1]))

    def has_seen(self, number: int) -> bool:
        """Whether so many different ones came."""
        return len(self.seen()) >= number


@contextlib.contextmanager
def receiving(server: str, token: str) -> Iterator[Receiver]:
    """Run a receiver and register it with the service at `server`."""
    port, caller = free_port(), {"Authorization": f"Bearer {token}"}
    process = subprocess.Popen([sys.executable, str(_RECEIVER), str(port), "0.02"])
    receiver = Receiver(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: receiver.seen() is not None)
        status, body = ask(f"{server}/v1/endpoints", {"url": f"{receiver.url}/"}, **caller)
        assert status == HTTPStatus.CREATED, body
        yield receiver
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Ask again and again until `condition` holds; a broken connection counts as no."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if condition():
                return
        time.sleep(_PAUSE)
    raise AssertionError(f"not within {seconds} seconds")

"""`kill -9` of server and worker while events are posted and delivered: none lost, and what comes
twice comes under the same id.

Run it in a rendered service; it takes some two minutes, because what a killed worker held comes
back when its lease of a minute is over:

    cd SERVICE && uv run python REPOSITORY/bench/delivery/kill9.py [EVENTS]

The processes are those of `just up`. A producer posts batches and repeats each under the same keys
until it is accepted; the server and the worker are killed several times meanwhile. Exit code 1 and
a sentence when anything is missing, doubled under another id, or delivered without being accepted.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from chassis.dev import up
from chassis.fastapi.testing import migrate

from chassis import devdb, service, testing

ENDPOINTS = 10
BATCH = 25
PRODUCERS = 8
KILLS = ("worker", "api", "worker", "api", "worker")
DELAY = 0.05
PATIENCE = 240.0
PERMISSIONS = "endpoints:write events:write deliveries:read"


class Processes:
    """The processes of the service by name, each in a group of its own."""

    def __init__(self, found: service.Service, log: Path) -> None:
        """Start them all."""
        self.log = log.open("ab")
        self.commands = {item.name: item.command for item in up.plan(found, reload=False)}
        self.running = {name: self.start(name) for name in self.commands}

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """Start one."""
        command = self.commands[name]
        return subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True)

    def kill(self, name: str) -> None:
        """`kill -9` one with its children and start it again."""
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()
        self.running[name] = self.start(name)

    def end(self) -> None:
        """Stop them all."""
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


class Producer:
    """Posts events, again and again until they are accepted."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Post to the service at ``url``."""
        self.session = session
        self.url = url
        self.accepted: dict[str, str] = {}
        self.again = 0

    async def post(self, path: str, body: object) -> dict[str, object]:
        """Post until the answer is a success."""
        while True:
            try:
                async with self.session.post(f"{self.url}{path}", json=body) as answer:
                    if answer.ok:
                        found: dict[str, object] = await answer.json()
                        return found
            except (aiohttp.ClientError, OSError):
                pass
            self.again += 1
            await asyncio.sleep(0.2)

    async def produce(self, numbers: range) -> None:
        """Post the events with these numbers in batches."""
        for start in range(numbers.start, numbers.stop, BATCH):
            batch = [
                {"type": f"order.n{number % ENDPOINTS}", "data": {"n": number}, "key": str(number)}
                for number in range(start, min(start + BATCH, numbers.stop))
            ]
            answer = await self.post("/v1/events/batch", {"events": batch})
            for item in answer["items"]:  # type: ignore[attr-defined]
                self.accepted[item["key"]] = item["id"]


async def run(processes: Processes, url: str, receiver: str, token: str, events: int) -> int:
    """Produce, kill, wait, compare; return the exit code."""
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        producer = Producer(session, url)
        for number in range(ENDPOINTS):
            endpoint = {"url": f"{receiver}/{number}", "event_types": [f"order.n{number}"]}
            await producer.post("/v1/endpoints", endpoint)
        begun, share = time.monotonic(), events // PRODUCERS
        producing = asyncio.gather(
            *(producer.produce(range(n * share, (n + 1) * share)) for n in range(PRODUCERS))
        )
        for name in KILLS:
            await asyncio.sleep(random.uniform(1, 3))  # noqa: S311 - any moment will do
            processes.kill(name)
            say(begun, f"kill -9 {name}")
        await producing
        say(begun, "all accepted")
        seen: dict[str, int] = {}
        while len(seen) < len(producer.accepted) and time.monotonic() - begun < PATIENCE:
            await asyncio.sleep(1)
            async with session.get(f"{receiver}/seen") as answer:
                seen = json.loads(await answer.text())
        return report(producer, seen, begun)


def say(begun: float, sentence: str) -> None:
    """Print a sentence under its time in seconds since ``begun``."""
    sys.stdout.write(f"{time.monotonic() - begun:5.1f} s  {sentence}\n")
    sys.stdout.flush()


def report(producer: Producer, seen: dict[str, int], begun: float) -> int:
    """Print what became of the events; return the exit code."""
    accepted = set(producer.accepted.values())
    lost, foreign = accepted - seen.keys(), seen.keys() - accepted
    repeated = sum(count - 1 for count in seen.values())
    say(
        begun,
        f"{len(producer.accepted)} events accepted ({producer.again} requests sent again), "
        f"{len(seen)} delivered, {repeated} deliveries repeated under the same id, "
        f"{len(lost)} lost, {len(foreign)} under an id that nobody was given",
    )
    return 1 if lost or foreign or len(accepted) != len(producer.accepted) else 0


@contextmanager
def receiving() -> Iterator[str]:
    """Run a receiver and give its address."""
    command = [sys.executable, str(Path(__file__).with_name("receiver.py")), "0", str(DELAY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline() if process.stdout else 0)}"
        finally:
            process.kill()


def free_port() -> str:
    """Find a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return str(held.getsockname()[1])


def main() -> int:
    """Bring everything up and run."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    found = service.load()
    os.environ |= {
        "ENVIRONMENT": "development",
        "LOG_FORMAT": "json",
        "API_PORT": free_port(),
        "ISSUER_PORT": free_port(),
    }
    log = Path.cwd() / "kill9.log"
    with (
        devdb.available(found),
        testing.database(testing.address(found, "api")) as address,
        receiving() as receiver,
    ):
        migrate(found, address)
        os.environ["API_DATABASE_URL"] = address
        processes = Processes(found, log)
        try:
            command = [sys.executable, "-m", "chassis", "token", "--permissions", PERMISSIONS]
            time.sleep(3)
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            token = done.stdout.split()[-1]
            url = f"http://127.0.0.1:{os.environ['API_PORT']}"
            return asyncio.run(run(processes, url, receiver, token, events))
        finally:
            processes.end()


if __name__ == "__main__":
    sys.exit(main())

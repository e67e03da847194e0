"""Whatever dies at work (the database, the server, the worker), no accepted event is lost.

`FAULT_EVENTS=5000` makes it a long run that waits for leases to end as a real service does: `just
faults`.
"""

import json
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count

import pytest

from tests.generated.conftest import Project
from tests.generated.producing import Producing, Receiver, producing, receiving, wait_for
from tests.generated.serving import (
    SERVE,
    WITH_DB,
    Background,
    ask,
    background,
    free_port,
    issue_token,
    launch,
    serving,
    wait_until_ready,
)

EVENTS = int(os.environ.get("FAULT_EVENTS", "300"))
IN_HASTE = "FAULT_EVENTS" not in os.environ
WORKER = ("python", "-m", "chassis", "worker")
SCHEDULER = (*WORKER[:-1], "scheduler")
_CLUSTER = (
    "from pathlib import Path; from chassis.devdb.cluster import Cluster; "
    "from chassis.devdb.place import place; cluster = Cluster(place(Path.cwd())); "
)
_A_MINUTE_LATER = (
    "import psycopg; from chassis import devdb, service; "
    "url = devdb.url(service.load(), 'api'); psycopg.connect(url, autocommit=True).execute("
    "'UPDATE webhooks_delivery SET leased_until = NULL, due_at = now() "
    "WHERE tries = 0 OR due_at > now()')"
)


@pytest.fixture
def service(project: Project) -> Project:
    """The API alone; the hybrid's is the same code."""
    if project.plan != "fastapi-service":
        pytest.skip("one service with events is enough; that of fastapi-service is it")
    return project


class Replaceable:
    """A process that dies without a word and is started again, as an orchestrator does."""

    def __init__(self, project: Project, *command: str, **environment: str) -> None:
        """Start it."""
        self._start: Callable[[], Background] = lambda: launch(project, *command, **environment)
        self.running = self._start()

    def kill(self) -> None:
        """End it and its children as the kernel does when memory runs out."""
        os.killpg(self.running.process.pid, signal.SIGKILL)
        self.running.process.wait(timeout=60)

    def replace(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.running = self._start()


@contextmanager
def replaceable(project: Project, *command: str, **environment: str) -> Iterator[Replaceable]:
    """Run a command of the project meanwhile."""
    made = Replaceable(project, *command, **environment)
    try:
        yield made
    finally:
        made.kill()


def settle(project: Project, receiver: Receiver, produced: Producing, worker: Background) -> None:
    """Wait until everything that was accepted has been received."""

    def complete() -> bool:
        return set(produced.accepted.values()) <= receiver.seen().keys()

    if not IN_HASTE:
        wait_for(complete, 300)
        return
    for number in count():
        project.run(f'uv run python -c "{_A_MINUTE_LATER}"')
        produced.send(f"{produced.run}-wake-{number}")
        try:
            wait_for(complete, 10)
        except AssertionError:
            if number == 5:
                missing = set(produced.accepted.values()) - receiver.seen().keys()
                told = worker.printed()[-5000:]
                pytest.fail(f"{len(missing)} of {len(produced.accepted)} were lost: {told}")
        else:
            return


def test_a_database_that_goes_away_loses_nothing(service: Project) -> None:
    """Meanwhile requests are refused with a problem and told when to come again, and nothing has
    to be restarted afterwards."""
    with serving(service, local=False) as server, ExitStack() as stack:
        worker = stack.enter_context(background(service, *WITH_DB, *WORKER))
        receiver = stack.enter_context(receiving(server.url, server.token))
        with producing(server.url, server.token) as produced:
            wait_for(partial(receiver.has_seen, 50))
            service.run(f'uv run python -c "{_CLUSTER} cluster.stop()"')
            wait_for(lambda: produced.answers[503] >= 20)
            assert ask(f"{server.url}/livez")[0] == 200
            service.run(f"uv run python -c \"{_CLUSTER} cluster.start(['api'])\"")
            before = len(produced.accepted)
            wait_for(lambda: len(produced.accepted) >= before + 50)
        settle(service, receiver, produced, worker)

        assert {202, 503} == produced.answers.keys()
        for body, headers in produced.refusals:
            assert headers["content-type"] == "application/problem+json"
            assert json.loads(body)["type"] == "/problems/database-unavailable"
            assert int(headers["retry-after"]) > 0
        assert set(produced.accepted.values()) == receiver.seen().keys()


def test_killed_processes_lose_nothing(service: Project) -> None:
    """A killed server loses no event that it accepted, a killed worker no delivery; what is sent
    again has the id of before, and no event exists twice."""
    ports = {"API_PORT": str(free_port()), "ISSUER_PORT": str(free_port())}
    url = f"http://127.0.0.1:{ports['API_PORT']}"
    with ExitStack() as stack:
        enter = stack.enter_context
        # keeps the database up
        enter(background(service, *WITH_DB, *SCHEDULER))
        enter(background(service, "python", "-m", "devissuer", "serve", **ports))
        server = enter(replaceable(service, *SERVE, ports["API_PORT"], **ports))
        worker = enter(replaceable(service, *WORKER))
        wait_until_ready(f"{url}/readyz", server.running)
        token = issue_token(service, ports)
        receiver = enter(receiving(url, token))
        with producing(url, token) as produced:
            victims = [worker, server] * (1 if IN_HASTE else 4)
            for number, victim in enumerate(victims, start=1):
                wait_for(partial(receiver.has_seen, EVENTS * number // len(victims) // 2), 300)
                victim.replace()
            wait_for(lambda: len(produced.accepted) >= EVENTS, 300)
        settle(service, receiver, produced, worker.running)

        seen = receiver.seen()
        assert set(produced.accepted.values()) == seen.keys()
        assert len(produced.accepted) == len(seen)
        assert produced.answers.keys() <= {None, 202}
        repeated = sum(seen.values()) - len(seen)
        logging.getLogger(__name__).info(
            "%d events accepted and received, %d sent again, %d calls of producers broken",
            len(seen),
            repeated,
            produced.answers[None],
        )

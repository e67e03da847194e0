"""Liveness and readiness: the answers to an orchestrator's probes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class State(StrEnum):
    """The life of a process as its load balancer sees it."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


@dataclass(frozen=True)
class Answer:
    """A response: its status code and JSON body."""

    status: int
    body: Mapping[str, object]


LIVE = Answer(HTTPStatus.OK, {"status": "ok"})
"""The answer of `/livez`: the process runs. It needs no dependency, so a dead database never makes
an orchestrator restart a healthy process."""


class Readiness:
    """Whether this process should get requests.

    It starts with `checks` pending (names such as `"schema"`); the adapter runs them and
    reports each with `passed`. Once all have passed it stays ready until it drains: a database
    that dies later would take every replica out at once, so its requests get 503 problems instead.
    """

    def __init__(self, *checks: str) -> None:
        """Wait for `checks`; without any the process is ready at once."""
        self._pending = dict.fromkeys(checks, "pending")
        self._draining = False

    @property
    def state(self) -> State:
        """The present state."""
        if self._draining:
            return State.DRAINING
        return State.STARTING if self._pending else State.READY

    @property
    def pending(self) -> tuple[str, ...]:
        """The checks that have not passed yet."""
        return tuple(self._pending)

    def passed(self, check: str) -> None:
        """Record that `check` succeeded, once and for all."""
        self._pending.pop(check, None)

    def failed(self, check: str, reason: str) -> None:
        """Record why `check` is still pending.

        `reason` is shown to every client of `/readyz`, so it contains no secret.
        """
        if check in self._pending:
            self._pending[check] = reason

    def drain(self) -> None:
        """Stop receiving requests; this is final."""
        self._draining = True

    def answer(self) -> Answer:
        """Answer `/readyz`."""
        state = self.state
        status = HTTPStatus.OK if state is State.READY else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(status, {"status": state, "checks": dict(self._pending)})

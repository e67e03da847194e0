"""Readiness of a process."""

from chassis import health
from chassis.health import Readiness, State


def test_starts_when_every_check_has_passed() -> None:
    """``/readyz`` fails before start-up ends and says what is missing."""
    readiness = Readiness("schema", "cache")
    readiness.failed("schema", "2 migrations are not applied")
    assert readiness.answer().status == 503
    assert readiness.answer().body == {
        "status": "starting",
        "checks": {"schema": "2 migrations are not applied", "cache": "pending"},
    }
    readiness.passed("schema")
    assert readiness.pending == ("cache",)
    readiness.passed("cache")
    assert (readiness.answer().status, readiness.state) == (200, State.READY)


def test_a_ready_process_stays_ready() -> None:
    """A database that dies later must not take every replica out at once."""
    readiness = Readiness("schema")
    readiness.passed("schema")
    readiness.failed("schema", "it does not answer")
    assert readiness.answer().status == 200


def test_a_draining_process_is_not_ready_again() -> None:
    """Nothing brings requests back to a process that is about to end."""
    readiness = Readiness()
    assert readiness.state is State.READY
    readiness.drain()
    readiness.passed("anything")
    assert (readiness.answer().status, readiness.state) == (503, State.DRAINING)


def test_liveness_asks_nobody() -> None:
    """``/livez`` is a constant: nothing that fails can fail it."""
    assert (health.LIVE.status, health.LIVE.body) == (200, {"status": "ok"})

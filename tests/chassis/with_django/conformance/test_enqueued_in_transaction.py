"""DATA004."""

from typing import Any

from django.test import override_settings

from chassis.django.conformance.enqueued_in_transaction import EnqueuedInTransaction


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """The platform's queue is a table of the same database."""
    assert examine(EnqueuedInTransaction()) == []


@override_settings(
    TASKS={"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
)
def test_finds_a_queue_elsewhere(examine: Any) -> None:
    """A backend that runs a task at once runs those of a failed transaction too."""
    assert examine(EnqueuedInTransaction()) == ["TASKS"]

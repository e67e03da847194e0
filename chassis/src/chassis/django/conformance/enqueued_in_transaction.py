"""DATA004."""

from collections.abc import Iterator
from typing import override

from django.db import connection, transaction
from django.tasks import task

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest, rolled_back


@task
def _job() -> None:
    """Do nothing."""


class EnqueuedInTransaction(SyncRule[SystemUnderTest]):
    """A job is enqueued in the caller's transaction; a rollback removes the job."""

    id = "DATA004"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Keep the `TASKS` setting of the platform (`chassis.django.jobs.tasks.Backend`). Another
        queue may run the jobs of a transaction that was rolled back, or lose those of one that was
        committed.
        """
        with rolled_back():
            before = _jobs()
            savepoint = transaction.savepoint_create()
            _job.enqueue()
            enqueued = _jobs() - before
            transaction.savepoint_rollback(savepoint)
            remaining = _jobs() - before
        if not enqueued:
            yield Finding("TASKS", "does not write jobs to the queue in the database")
        elif remaining:
            yield Finding("TASKS", "keeps jobs of a transaction that was rolled back")


def _jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM platform.procrastinate_jobs")
        return int(cursor.fetchone()[0])

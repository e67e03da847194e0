"""DATA004."""

from collections.abc import Iterator
from typing import override

from django.db import connection, transaction
from django.tasks import task

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest, undone


@task
def _job() -> None:
    """Do nothing."""


class EnqueuedInTransaction(SyncRule[SystemUnderTest]):
    """A job is enqueued in the transaction of whoever asked for it: rolled back, it never was."""

    id = "DATA004"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Leave `TASKS` as the platform sets it (`chassis.django.jobs.tasks.Backend`). Another
        queue runs jobs of a transaction that failed, and loses those of one that committed.
        """
        with undone():
            before = _jobs()
            here = transaction.savepoint_create()
            _job.enqueue()
            made = _jobs() - before
            transaction.savepoint_rollback(here)
            left = _jobs() - before
        if not made:
            yield Finding("TASKS", "puts nothing into the queue of the database")
        elif left:
            yield Finding("TASKS", "keeps jobs of a transaction that was rolled back")


def _jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM platform.procrastinate_jobs")
        return int(cursor.fetchone()[0])

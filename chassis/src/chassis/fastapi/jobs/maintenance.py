"""The platform's periodic tasks, which keep the queue healthy and the tables small."""

from chassis import api_keys, idempotency, mail, throttle
from chassis.accounts import sessions
from chassis.fastapi.jobs.tasks import periodic, runtime
from chassis.jobs import maintenance
from chassis.outgoing import circuit

_QUEUE = "platform"
_PURGES = (
    throttle.purge,
    sessions.purge,
    mail.purge,
    api_keys.purge,
    circuit.purge,
)


@periodic("* * * * *", queue=_QUEUE)
async def recover_stalled_jobs() -> None:
    """Requeue the jobs of killed workers."""
    limits = {task.name: task.retry.limit for task in runtime().tasks}
    async with runtime().database.driver() as connection:
        await maintenance.recover(connection, limits)


@periodic("17 * * * *", queue=_QUEUE)
async def delete_finished_jobs() -> None:
    """Delete the jobs that succeeded or were canceled some time ago; dead letters stay."""
    async with runtime().database.driver() as connection:
        await maintenance.delete_finished(connection, days=runtime().settings.jobs_kept_days)


@periodic("37 * * * *", queue=_QUEUE)
async def purge_what_expired() -> None:
    """Delete expired rate limits, links, keys, mail and circuits, and ended sessions."""
    for purge in _PURGES:
        async with runtime().database.driver() as connection:
            await purge(connection)


@periodic("*/10 * * * *", queue=_QUEUE)
async def purge_idempotency() -> None:
    """Delete expired idempotency keys, one batch per transaction."""
    purged = idempotency.PURGED_AT_ONCE
    while purged == idempotency.PURGED_AT_ONCE:
        async with runtime().database.driver() as connection:
            purged = await idempotency.purge(connection)

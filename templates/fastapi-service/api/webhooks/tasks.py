"""The jobs of this domain."""

from chassis.fastapi.data.db import driver_connection
from chassis.fastapi.jobs.tasks import enqueue, periodic, runtime, task, unit_of_work
from chassis.webhooks.delivery import DeliveryWorker
from chassis.webhooks.sender import Sender
from chassis.webhooks.tables import Tables
from sqlalchemy.ext.asyncio import AsyncSession

from api.webhooks.settings import keyring, settings

tables = Tables("webhooks")


# one instance for each worker process, shared by its jobs
worker = DeliveryWorker(
    tables,
    lambda: Sender(settings),
    keyring,
    lambda: runtime().database.driver(),  # noqa: PLW0108 - it exists only while jobs run
)


async def wake(session: AsyncSession) -> None:
    """Enqueue a job that sends due deliveries after the commit. Many calls enqueue only one."""
    await enqueue(session, deliver, queueing_lock="webhooks")


@task(queue="webhooks")
async def deliver() -> None:
    """Send the due deliveries. If the time of the job is over, enqueue another job."""
    if await worker.run():
        async with unit_of_work() as session:
            await wake(session)


@periodic("* * * * *", queue="webhooks")
async def deliver_due() -> None:
    """Send due retries, and deliveries that a killed worker left."""
    await deliver()


@periodic("17 * * * *", queue="webhooks")
async def tidy_up() -> None:
    """Delete old rows, so the tables do not grow forever."""
    async with unit_of_work() as session:
        await tables.clean_up(await driver_connection(session))

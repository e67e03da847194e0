"""What workers do for this domain."""

from chassis.fastapi.data.db import driver_connection
from chassis.fastapi.jobs.tasks import enqueue, periodic, runtime, task, unit_of_work
from chassis.webhooks.delivery import Courier
from chassis.webhooks.sender import Sender
from chassis.webhooks.tables import Tables
from sqlalchemy.ext.asyncio import AsyncSession

from api.webhooks.settings import keyring, settings

tables = Tables("webhooks")


# one for a worker: its jobs share it
courier = Courier(
    tables,
    lambda: Sender(settings),
    keyring,
    lambda: runtime().database.driver(),  # noqa: PLW0108 - there is none before a job runs
)


async def wake(session: AsyncSession) -> None:
    """Have due deliveries made once this transaction is committed: of many calls one job waits."""
    await enqueue(session, deliver, queueing_lock="webhooks")


@task(queue="webhooks")
async def deliver() -> None:
    """Deliver whatever is due; when time is up, the next job goes on."""
    if await courier.run():
        async with unit_of_work() as session:
            await wake(session)


@periodic("* * * * *", queue="webhooks")
async def deliver_due() -> None:
    """Deliver what is due again: retries, and what a killed worker held."""
    await deliver()


@periodic("17 * * * *", queue="webhooks")
async def tidy_up() -> None:
    """Keep the tables from growing for ever."""
    async with unit_of_work() as session:
        await tables.tidy(await driver_connection(session))

"""Mail from an API: `await send(session, Mail(to, subject, body))` in the request's transaction.

A job sends it: to `MAIL_URL`, in development into `.dev/mail`, in tests into `OUTBOX`.
"""

from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import jobs, mail
from chassis.environment import Environment
from chassis.fastapi.data.db import driver_connection
from chassis.fastapi.jobs.tasks import Retry, Runtime, runtime, task
from chassis.mail import Folder, Mail, Memory, Smtp, Transport

OUTBOX = Memory()
"""The emails that tests sent; the fixture `outbox` empties it."""


# enough retries until the mail expires, however short the random pauses are
_RETRY = Retry(limit=110)


@task(queue="mail", retry=_RETRY)
async def send_mail(mail_id: UUID) -> None:
    """Send one queued email."""
    worker = runtime()
    settings, service = worker.settings, worker.service
    sender = settings.mail_from or f"{service.name} <no-reply@localhost>"
    await mail.deliver(worker.database.driver, mail_id, _transport(worker), sender=sender)


async def send(session: AsyncSession, message: Mail) -> None:
    """Queue `message`; it is sent once the transaction of `session` has committed."""
    await post(await driver_connection(session), message)


async def post(connection: AsyncConnection[Any], message: Mail) -> None:
    """Queue `message` in the transaction of psycopg's `connection`."""
    await jobs.enqueue(connection, send_mail, mail_id=await mail.keep(connection, message))


def _transport(worker: Runtime) -> Transport:
    if url := worker.settings.mail_url.get_secret_value():
        return _smtp(url)
    if worker.settings.environment is Environment.TEST:
        return OUTBOX
    if worker.settings.environment is Environment.DEVELOPMENT:
        return Folder(worker.service.root / ".dev" / "mail")
    raise mail.TransportError("MAIL_URL is not set: set it within two days, until then mail waits.")


@lru_cache(maxsize=1)
def _smtp(url: str) -> Smtp:
    return Smtp.at(url)

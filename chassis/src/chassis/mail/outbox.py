"""The outbox: emails that are stored in a transaction and wait for their transport."""

from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection
from psycopg.rows import class_row

from chassis.connections import Connector
from chassis.mail.message import Mail
from chassis.mail.transports import Transport


async def keep(connection: AsyncConnection[Any], mail: Mail) -> UUID:
    """Store `mail` in the transaction of `connection`; return its id for the job."""
    identifier = uuid4()
    await connection.execute(
        "INSERT INTO platform.mail (id, recipient, subject, body) VALUES (%s, %s, %s, %s)",
        [identifier, mail.recipient, mail.subject, mail.body],
    )
    return identifier


async def deliver(
    connect: Connector, identifier: UUID, transport: Transport, *, sender: str
) -> None:
    """Send a stored email and delete it; do nothing when it was already sent.

    No database connection is held while it is sent. If the worker dies between the answer of the
    mail server and the deletion, the email is sent twice, which is better than not at all.
    Raises OSError, ValueError.
    """
    async with connect() as connection, connection.cursor(row_factory=class_row(Mail)) as cursor:
        await cursor.execute(
            "SELECT recipient, subject, body FROM platform.mail WHERE id = %s", [identifier]
        )
        mail = await cursor.fetchone()
    if mail is None:
        return
    await transport.send(mail.message(sender))
    async with connect() as connection:
        await connection.execute("DELETE FROM platform.mail WHERE id = %s", [identifier])


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete emails that could not be sent for two days, when their tokens have expired."""
    done = await connection.execute(
        "DELETE FROM platform.mail WHERE created_at < now() - interval '2 days'"
    )
    return done.rowcount

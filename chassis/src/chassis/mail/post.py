"""From a transaction to a transport."""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from chassis.lending import Connect
from chassis.mail.message import Mail
from chassis.mail.transports import Transport

_TAKE = """
SELECT recipient, subject, body FROM platform.mail WHERE id = %s FOR UPDATE SKIP LOCKED
"""


async def post(connection: AsyncConnection[Any], mail: Mail) -> UUID:
    """Leave ``mail`` to be sent when the transaction of ``connection`` commits; return its id."""
    cursor = await connection.execute(
        "INSERT INTO platform.mail (recipient, subject, body) VALUES (%s, %s, %s) RETURNING id",
        [mail.recipient, mail.subject, mail.body],
    )
    row = await cursor.fetchone()
    identifier: UUID = row[0] if row else UUID(int=0)
    return identifier


async def deliver(connect: Connect, identifier: UUID, transport: Transport, *, sender: str) -> bool:
    """Send one posted mail and delete it; return False when it is gone or being sent by another.

    The row stays locked meanwhile, so no two workers send it. A crash between the server's answer
    and the commit sends it twice, which is better than not at all. Raises OSError.
    """
    async with connect() as connection:
        async with connection.cursor(row_factory=class_row(Mail)) as cursor:
            await cursor.execute(_TAKE, [identifier])
            mail = await cursor.fetchone()
        if mail is None:
            return False
        await transport.send(mail.message(sender))
        await connection.execute("DELETE FROM platform.mail WHERE id = %s", [identifier])
        return True


async def purge(connection: AsyncConnection[Any]) -> int:
    """Delete what could not be sent for two days: a mailed token is worth nothing by then."""
    done = await connection.execute(
        "DELETE FROM platform.mail WHERE created_at < now() - interval '2 days'"
    )
    return done.rowcount

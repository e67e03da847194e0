"""Mail from an API: posted in a transaction, sent by a job."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from chassis import schema
from chassis.environment import Environment
from chassis.fastapi.app import Application
from chassis.fastapi.jobs.mail import OUTBOX, send, send_mail
from chassis.fastapi.jobs.tasks import Runtime, running
from chassis.fastapi.settings import IssuerSettings
from chassis.mail import Mail, TransportError
from with_fastapi.conftest import MakeApp

HELLO = Mail("ada@example.org", "Hello", "Your code: s3cret\n")


@pytest.fixture
def app(make_app: MakeApp, database: str) -> Application:
    """Give an application on a migrated database."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
    OUTBOX.sent.clear()
    return make_app(database_url=database)


async def jobs(app: Application) -> list[dict[str, dict[str, str]]]:
    """Give the arguments of every job."""
    async with app.platform.database.driver() as connection:
        cursor = await connection.execute("SELECT args FROM procrastinate_jobs")
        return [row[0] for row in await cursor.fetchall()]


async def run(app: Application, identifier: str, **settings: object) -> None:
    """Run the job of one mail as a worker does."""
    platform = app.platform
    changed = platform.settings.model_copy(update=settings)
    async with running(Runtime(changed, platform.service, platform.database, [send_mail])):
        await send_mail(mail_id=UUID(identifier))


async def test_a_mail_leaves_with_its_transaction(app: Application) -> None:
    """The job carries nothing but an id; the sender is the service unless somebody said."""
    async with app.platform.database.unit_of_work() as session:
        await send(session, HELLO)
        await session.rollback()
    assert await jobs(app) == []
    async with app.platform.database.unit_of_work() as session:
        await send(session, HELLO)
    [stored] = await jobs(app)
    assert list(stored["arguments"]) == ["mail_id"]
    assert "ada" not in str(stored)
    await run(app, stored["arguments"]["mail_id"])
    assert [(item["To"], item["From"]) for item in OUTBOX.sent] == [
        ("ada@example.org", "orders <no-reply@localhost>")
    ]
    await app.platform.database.dispose()


async def test_development_finds_mail_in_a_folder(app: Application, tmp_path: Path) -> None:
    """Without a mail server, and without a word about the recipient in the log."""
    async with app.platform.database.unit_of_work() as session:
        await send(session, HELLO)
    [stored] = await jobs(app)
    await run(app, stored["arguments"]["mail_id"], environment=Environment.DEVELOPMENT)
    [file] = (tmp_path / ".dev" / "mail").iterdir()
    assert b"s3cret" in file.read_bytes()
    await app.platform.database.dispose()


async def test_production_without_a_server_says_so(app: Application) -> None:
    """The mail waits, and the job comes again."""
    async with app.platform.database.unit_of_work() as session:
        await send(session, HELLO)
    [stored] = await jobs(app)
    with pytest.raises(TransportError, match="MAIL_URL is not set"):
        await run(app, stored["arguments"]["mail_id"], environment=Environment.PRODUCTION)
    assert OUTBOX.sent == []
    await app.platform.database.dispose()


def test_a_mail_is_tried_until_it_is_given_up() -> None:
    """For two days, after which it is deleted: a server that is away that long loses nothing."""
    waits = [send_mail.retry.delay(number) for number in range(send_mail.retry.limit)]
    assert sum(filter(None, waits), timedelta()) > timedelta(days=2)


def test_a_wrong_address_stops_the_start() -> None:
    """The text does not repeat it."""
    given = {"environment": "test", "database_url": "postgresql://a@h/a"}
    with pytest.raises(ValueError, match="set it to smtp://") as caught:
        IssuerSettings.model_validate({**given, "mail_url": SecretStr("http://ada:pw@h")})
    assert "ada:pw" not in str(caught.value)

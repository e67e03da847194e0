"""Mail: kept in a transaction, sent by a job, and nowhere in clear for longer than that."""

import json
import smtplib
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from chassis import logs
from chassis.django.jobs.mail import send_mail

pytestmark = pytest.mark.django_db
SECRET = "https://example.com/reset/a-secret-token"
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


class Down(BaseEmailBackend):
    """A mail server that is away."""

    def send_messages(self, email_messages: Any) -> int:
        """Fail."""
        raise smtplib.SMTPServerDisconnected


@pytest.fixture(autouse=True)
def transport(settings: Any) -> Callable[..., None]:
    """Send by way of the queue; give a function that chooses the transport."""

    def choose(backend: str, **options: Any) -> None:
        settings.MAILERS = {
            "default": {"BACKEND": "chassis.django.jobs.mail.Backend"},
            "transport": {"BACKEND": backend, "OPTIONS": options},
        }

    choose(LOCMEM)
    rows("DELETE FROM platform.procrastinate_jobs RETURNING 1")
    return choose


def rows(statement: str) -> list[tuple[Any, ...]]:
    """Run SQL."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def jobs() -> list[dict[str, Any]]:
    """Give the arguments of every waiting job."""
    found = rows("SELECT args::text FROM platform.procrastinate_jobs ORDER BY id")
    return [json.loads(text) for (text,) in found]


def kept() -> int:
    """Count the mails that wait."""
    return len(rows("SELECT 1 FROM platform.mail"))


def work() -> None:
    """Do every waiting job."""
    for job in jobs():
        send_mail.call(**job["arguments"]["kwargs"])


def write(**fields: Any) -> EmailMessage:
    """Write a mail with a secret in it."""
    known = {"subject": "Größe: your link", "body": f"Öffnen: {SECRET}", "to": ["a@example.com"]}
    return EmailMessage(**(known | fields))


def test_a_mail_waits_and_is_sent_by_a_job() -> None:
    """It arrives as it was written, and nothing of it is left."""
    write(cc=["C <c@example.com>"], bcc=["b@example.com"], from_email="Us <us@example.com>").send()
    assert (mail.outbox, kept()) == ([], 1)
    work()
    (sent,) = mail.outbox
    assert sent.recipients() == ["a@example.com", "C <c@example.com>", "b@example.com"]
    message = sent.message()
    assert (message["Subject"], message["From"]) == ("Größe: your link", "Us <us@example.com>")
    assert message["Bcc"] is None
    assert SECRET in message.get_content()
    assert kept() == 0


def test_a_second_run_sends_nothing() -> None:
    """A job that a worker did not get to report does no harm."""
    write().send()
    work()
    work()
    assert len(mail.outbox) == 1


def test_what_a_transaction_takes_back_is_not_sent() -> None:
    """Neither the mail nor its job is left."""
    with transaction.atomic():
        write().send()
        transaction.set_rollback(True)
    assert (kept(), jobs()) == (0, [])


def test_neither_job_nor_database_holds_a_word_of_it() -> None:
    """Arguments of jobs are logged: they name the mail and its request; the text lies sealed."""
    logs.bind_request(request_id="asked-for-it", trace_id="0" * 31 + "1")
    write().send()
    logs.clear()
    (job,) = jobs()
    assert list(job["arguments"]["kwargs"]) == ["mail_id"]
    assert "token" not in str(job)
    assert "example.com" not in str(job)
    assert "token" not in str(rows("SELECT subject, body FROM platform.mail"))
    work()
    message = mail.outbox[0].message()
    assert message["X-Request-ID"] == "asked-for-it"
    assert message["Auto-Submitted"] == "auto-generated"


def test_server_that_is_away_loses_nothing(transport: Callable[..., None]) -> None:
    """The job fails, to be tried again, and the mail stays until it was taken."""
    transport(f"{__name__}.Down")
    write().send()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        work()
    assert kept() == 1
    transport(LOCMEM)
    work()
    assert (len(mail.outbox), kept()) == (1, 0)


def test_parts_and_attachments_arrive() -> None:
    """HTML beside the text, and files."""
    message = EmailMultiAlternatives("Hello", "text", to=["a@example.com"])
    message.attach_alternative("<p>ü</p>", "text/html")
    message.attach("plan.pdf", b"%PDF \x00\xff", "application/pdf")
    message.send()
    work()
    found = mail.outbox[0].message()
    page = found.get_body(("html",))
    assert page is not None
    assert page.get_content().strip() == "<p>ü</p>"
    assert [part.get_content() for part in found.iter_attachments()] == [b"%PDF \x00\xff"]


@pytest.mark.parametrize("field", ["subject", "from_email"])
def test_line_break_in_a_header_is_refused(field: str) -> None:
    """Where it is made, and not in a worker later."""
    with pytest.raises(ValueError, match="Header values may not contain"):
        write(**{field: "Us <us@example.com>\nBcc: b@example.com"}).send()
    assert kept() == 0


def test_mails_of_a_transaction_are_kept_together() -> None:
    """One that cannot be written keeps the others back; one for nobody is none."""
    with pytest.raises(ValueError, match="Header values may not contain"):
        mailers.default.send_messages([write(), write(subject="a\nb")])
    assert mailers.default.send_messages([write(to=[]), write()]) == 1
    assert kept() == 1


def test_mails_of_accounts_go_the_same_way() -> None:
    """allauth's reset is a job too: the request does not wait for a mail server."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - beside the models of the test

    User.objects.create_user("mia", "mia@example.com", "a long enough phrase")
    Client().post("/accounts/password/reset/", {"email": "mia@example.com"})
    assert (mail.outbox, kept()) == ([], 1)
    work()
    assert "/accounts/password/reset/key/" in mail.outbox[0].message().get_content()


def test_development_writes_files(transport: Callable[..., None], tmp_path: Path) -> None:
    """Each mail is one that a mail program opens."""
    transport("chassis.django.jobs.mail.FolderBackend", folder=tmp_path / "mail")
    link = f"{SECRET}?{'x' * 90}"
    write(body=link).send()
    work()
    (file,) = (tmp_path / "mail").glob("*.eml")
    assert "To: a@example.com" in file.read_text()
    assert link in file.read_text()


def test_a_waiting_mail_outlives_a_new_key(settings: Any) -> None:
    """`reseal` reaches it too, so the earlier SECRET_KEY may go, or names what it cannot read."""
    write().send()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    call_command("reseal", stdout=StringIO())
    settings.SECRET_KEY_FALLBACKS = []
    work()
    assert SECRET in mail.outbox[0].message().get_content()
    write().send()
    settings.SECRET_KEY = "a third"
    with pytest.raises(CommandError, match=r"Mail .*SECRET_KEY_FALLBACKS"):
        call_command("reseal", stdout=StringIO())

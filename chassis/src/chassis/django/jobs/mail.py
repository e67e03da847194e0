"""Mail of a Django half: stored in the sender's transaction, then sent by a job.

`MAILERS` in `web/settings.py` makes it the default, so that allauth's mails go this way too:

    MAILERS = {
        "default": {"BACKEND": "chassis.django.jobs.mail.Backend"},
        "transport": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {…}},
    }

Mail of a transaction that is rolled back is not sent; committed mail survives a crash and an outage
of the mail server. The job has only the mail's ID as argument, because arguments of jobs are logged
and a mail may contain a link that resets a password. The text is stored encrypted in
`platform.mail` and deleted after it was sent. In tests Django puts its own backend in place of all
of them, and fills `mail.outbox`.
"""

from collections.abc import Sequence
from email import message_from_string, policy
from email.message import EmailMessage as Message
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.tasks import task

from chassis import telemetry
from chassis.django import field_encryption
from chassis.django.jobs.tasks import Retry, retry
from chassis.mail import Folder
from chassis.request_id import HEADER

TRANSPORT = "transport"
_ASCII = policy.SMTP.clone(cte_type="7bit")


class Backend(BaseEmailBackend):
    """A backend that stores mail for a job; invalid headers are refused immediately."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store all messages or none; return their number.

        Raises ValueError for a line break in a header.
        """
        messages = [message for message in email_messages if message.recipients()]
        with transaction.atomic():
            for message in messages:
                send_mail.enqueue(mail_id=str(_store(message)))
        return len(messages)


class FolderBackend(BaseEmailBackend):
    """A backend for development that writes each mail to a file."""

    def __init__(self, *, folder: str | Path, **options: Any) -> None:
        """Write into `folder`."""
        super().__init__(**options)
        self._folder = Folder(Path(folder))

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the files."""
        for message in email_messages:
            written = message.message()
            for part in written.walk():
                if part.get_content_maintype() == "text":
                    # 8bit keeps long lines whole, so that links can be copied
                    kind = part.get_content_subtype()
                    part.set_content(part.get_content(), subtype=kind, cte="8bit")
            self._folder.write(written)
        return len(email_messages)


# enough attempts for two days, after which the mail is deleted, however short the random pauses
@retry(Retry(limit=110))
@task(queue_name="mail")
def send_mail(mail_id: str) -> None:
    """Send one stored mail and delete it; a mail that is missing was already sent.

    A worker that is killed between sending and deleting makes the mail go out twice, which is
    better than not at all. Raises UnreadableError if the mail was encrypted under a SECRET_KEY that
    is no longer configured.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient, body FROM platform.mail WHERE id = %s", [mail_id])
        row = cursor.fetchone()
    if row is None:
        return
    recipients, encrypted = row
    mailers[TRANSPORT].send_messages(
        [_StoredMessage(recipients, field_encryption.decrypt(encrypted))]
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM platform.mail WHERE id = %s", [mail_id])


class _StoredMessage(EmailMessage):
    """A stored message; backends send the result of `message()`."""

    def __init__(self, recipients: str, source: str) -> None:
        self._source = source
        head = message_from_string(source, policy=policy.default)
        super().__init__(head["Subject"], from_email=head["From"], to=recipients.split("\n"))

    def message(self, *, policy: Any = policy.default) -> Message:
        """Return the parsed message."""
        return cast(Message, message_from_string(self._source, policy=policy))


def _store(message: EmailMessage) -> UUID:
    written = message.message(policy=_ASCII)
    # auto-responders should not reply (RFC 3834)
    written["Auto-Submitted"] = "auto-generated"
    if request_id := telemetry.carried().get(HEADER.lower()):
        written[HEADER] = request_id
    identifier = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO platform.mail (id, recipient, subject, body) VALUES (%s, %s, '', %s)",
            [
                identifier,
                "\n".join(message.recipients()),
                field_encryption.encrypt(written.as_string(policy=_ASCII)),
            ],
        )
    return identifier

"""Mail of a Django half: kept in the transaction of whoever sends it, sent by a job afterwards.

`MAILERS` in `web/settings.py` makes it the default, so that allauth's mails go this way too:

    MAILERS = {
        "default": {"BACKEND": "chassis.django.jobs.mail.Backend"},
        "transport": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {…}},
    }

What a transaction takes back is not sent, what it commits survives a crash and a mail server that
is away. The job carries an id alone, because arguments of jobs are written to logs and a mail may
hold a link that resets a password; the text waits sealed in `platform.mail` and is deleted once it
was sent. In tests Django puts its own backend in place of all of them, and fills `mail.outbox`.
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
    """Keeps mail for a job; a header that cannot be written is refused here and now."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep all of them, or none; return how many. Raises ValueError for a line break where a
        header would end."""
        messages = [message for message in email_messages if message.recipients()]
        with transaction.atomic():
            for message in messages:
                send_mail.enqueue(mail_id=str(_keep(message)))
        return len(messages)


class FolderBackend(BaseEmailBackend):
    """Development: a file for each mail, for a mail program or an editor to open."""

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
                    # no line broken: a link is to be copied
                    kind = part.get_content_subtype()
                    part.set_content(part.get_content(), subtype=kind, cte="8bit")
            self._folder.write(written)
        return len(email_messages)


# until the mail itself is given up after two days, with any luck of the pauses
@retry(Retry(limit=110))
@task(queue_name="mail")
def send_mail(mail_id: str) -> None:
    """Send one mail and delete it; one that is gone was sent before.

    A worker that dies between the server's answer and the deletion sends it twice, which is better
    than not at all. Raises UnreadableError when SECRET_KEY changed and the one that sealed the mail
    is not among its fallbacks.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient, body FROM platform.mail WHERE id = %s", [mail_id])
        row = cursor.fetchone()
    if row is None:
        return
    recipients, sealed = row
    mailers[TRANSPORT].send_messages([_Kept(recipients, field_encryption.unseal(sealed))])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM platform.mail WHERE id = %s", [mail_id])


class _Kept(EmailMessage):
    """A message as it was written, for a backend that sends what `message()` gives."""

    def __init__(self, recipients: str, source: str) -> None:
        self._source = source
        head = message_from_string(source, policy=policy.default)
        super().__init__(head["Subject"], from_email=head["From"], to=recipients.split("\n"))

    def message(self, *, policy: Any = policy.default) -> Message:
        """Read it again."""
        return cast(Message, message_from_string(self._source, policy=policy))


def _keep(message: EmailMessage) -> UUID:
    written = message.message(policy=_ASCII)
    # no robot should answer it (RFC 3834)
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
                field_encryption.seal(written.as_string(policy=_ASCII)),
            ],
        )
    return identifier

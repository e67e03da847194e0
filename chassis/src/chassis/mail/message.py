"""One mail, in plain text."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr


@dataclass(frozen=True, repr=False)
class Mail:
    """A text for one recipient."""

    recipient: str
    subject: str
    body: str

    def message(self, sender: str) -> EmailMessage:
        """Write it as a message from ``sender`` (``Orders <orders@example.com>``).

        Raises ValueError for a line break where a header would end.
        """
        message = EmailMessage()
        message["From"] = sender
        message["To"] = self.recipient
        message["Subject"] = self.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or None)
        # no robot should answer it (RFC 3834)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.body)
        return message

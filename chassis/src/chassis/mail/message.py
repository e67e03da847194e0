"""One email in plain text."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr


@dataclass(frozen=True, repr=False)
class Mail:
    """An email to one recipient."""

    recipient: str
    subject: str
    body: str

    def message(self, sender: str) -> EmailMessage:
        """Return it as a message from `sender` (`Orders <orders@example.com>`).

        Raises ValueError when a header contains a line break.
        """
        message = EmailMessage()
        message["From"] = sender
        message["To"] = self.recipient
        message["Subject"] = self.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or None)
        # tells automatic responders not to answer (RFC 3834)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.body)
        return message

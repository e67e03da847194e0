"""Mail: posted in the transaction of whatever it tells about, sent by a job afterwards.

A job's arguments are written to logs, so it carries an id alone; the text waits in
``platform.mail`` and is deleted once it was sent.
"""

from chassis.mail.message import Mail
from chassis.mail.post import deliver, keep, purge
from chassis.mail.transports import Folder, Memory, Smtp, Transport, TransportError

__all__ = [
    "Folder",
    "Mail",
    "Memory",
    "Smtp",
    "Transport",
    "TransportError",
    "deliver",
    "keep",
    "purge",
]

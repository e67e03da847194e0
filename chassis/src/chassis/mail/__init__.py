"""Email: stored in the transaction of the change it reports, and sent by a job afterwards.

The arguments of jobs are written to logs, so the job carries only an id. The text is stored in
`platform.mail` and deleted after it was sent.
"""

from chassis.mail.message import Mail
from chassis.mail.outbox import deliver, keep, purge
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

"""Cursors of paginated lists: the time and the key of a page's last row, as text."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
LONGEST = 200
"""Characters of a cursor."""


def write(moment: datetime, key: UUID) -> str:
    """Return the cursor of the row with this time and key."""
    plain = json.dumps([moment.isoformat(), str(key)])
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read(cursor: str) -> tuple[datetime, UUID]:
    """Return the time and the key. Raises ValueError when the text is not a valid cursor."""
    try:
        plain = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        written, identifier = json.loads(plain)
        moment = datetime.fromisoformat(written)
        key = UUID(identifier)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a cursor of this service") from None
    if moment.tzinfo is None:
        raise ValueError("not a cursor of this service")
    return moment, key

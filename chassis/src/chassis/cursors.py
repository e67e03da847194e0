"""Where a page of a list ended: the moment and the key of its last row, as text for the caller."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
LONGEST = 200
"""Characters of a cursor."""


def write(moment: datetime, key: UUID) -> str:
    """Return the cursor of the row with this moment and key."""
    plain = json.dumps([moment.isoformat(), str(key)])
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read(cursor: str) -> tuple[datetime, UUID]:
    """Return the moment and the key. Raises ValueError for a text that is no cursor."""
    try:
        plain = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        written, identifier = json.loads(plain)
        moment = datetime.fromisoformat(written)
        key = UUID(identifier)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a cursor that this service gave out") from None
    if moment.tzinfo is None:
        raise ValueError("not a cursor that this service gave out")
    return moment, key

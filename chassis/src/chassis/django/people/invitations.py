"""Links that invite a person to become a member: the security of the service's own model.

A link holds a random token, and the database holds only its hash, so that a reader of the table
cannot join. It is valid for seven days and one address. A visitor with the link has read that
mailbox, so an account made with it needs no other verification, and can be made while sign-up is
closed. `INVITED` in `web/settings.py` is the path of a function that takes the hash of a token and
returns the address of its open invitation, or None.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

LIFETIME = timedelta(days=7)
_KEY = "chassis.invitation"


def new_token() -> str:
    """Return a new secret for a link; store only its `digest`."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return the hash of a token, 64 characters, for any input."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def expiry() -> datetime:
    """Return the time at which an invitation that is sent now expires."""
    return timezone.now() + LIFETIME


def is_too_often(what: str, *, most: int, within: timedelta) -> bool:
    """Count one more mail of a kind, such as "to a@example.com"; return whether `most` were sent.

    The count starts with the first mail and ends after `within`. It is in the cache, so that
    withdrawing and resending an invitation cannot flood a mailbox. A mail that is rolled back does
    not count.
    """
    key, now = f"invitations.{digest(what)}", timezone.now()
    sent, ends = cache.get(key) or (0, now + within)
    if sent >= most:
        return True
    # not `incr`, which restarts the time
    cache.set(key, (sent + 1, ends), (ends - now).total_seconds())
    return False


def hold(request: HttpRequest, key: str) -> None:
    """Store in the session that the visitor opened the link with the hash `key`."""
    request.session[_KEY] = key


def release(request: HttpRequest) -> str | None:
    """Return the hash of the visitor's link, and remove it from the session."""
    key: str | None = request.session.pop(_KEY, None)
    return key


def invited_address(request: HttpRequest) -> str | None:
    """Return the invited address of this visitor, or None without an open invitation."""
    # a shell has no session
    key = getattr(request, "session", {}).get(_KEY)
    path = getattr(settings, "INVITED", None)
    address: str | None = import_string(path)(key) if key and path else None
    return address


def has_account(email: str) -> bool:
    """Return whether a person has an account with this verified address."""
    return bool(filter_users_by_email(email))


def owns(user: Any, email: str) -> bool:
    """Return whether a person owns an address and has verified it."""
    addresses = EmailAddress.objects.filter(user=user, verified=True)
    return bool(addresses.filter(email__iexact=email).exists())

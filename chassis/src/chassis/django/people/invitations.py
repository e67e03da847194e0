"""Links that invite somebody to become a member: what keeps them safe, for the service's own model.

A link holds a random token, and the database its hash: nobody who reads the table can join. It is
good for seven days and for one address. Whoever opens it has read that mailbox's mail, so that an
account made with it needs no other proof, and may be made where sign-up is closed: `INVITED` in
`web/settings.py` is the path of a function that is given the hash of a token and gives the address
that it is open for, or None.
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
    """Make the secret of a link; keep its `digest` alone."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Give the hash of a token, 64 characters, whatever somebody typed as one."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def expiry() -> datetime:
    """Say until when an invitation that is sent now may be taken."""
    return timezone.now() + LIFETIME


def is_too_often(what: str, *, most: int, within: timedelta) -> bool:
    """Count one more mail of a kind, "to a@example.com"; tell whether `most` were sent before.

    The count begins with the first and ends with `within`, in the shared cache: so withdrawing and
    resending an invitation cannot be used to flood a mailbox. One that is rolled back does not
    count.
    """
    key, now = f"invitations.{digest(what)}", timezone.now()
    sent, ends = cache.get(key) or (0, now + within)
    if sent >= most:
        return True
    # not `incr`, which restarts the time
    cache.set(key, (sent + 1, ends), (ends - now).total_seconds())
    return False


def hold(request: HttpRequest, key: str) -> None:
    """Remember that this visitor opened the link with the hash `key`, which proves its address."""
    request.session[_KEY] = key


def release(request: HttpRequest) -> str | None:
    """Give the hash that this visitor came with, and forget it."""
    key: str | None = request.session.pop(_KEY, None)
    return key


def invited_address(request: HttpRequest) -> str | None:
    """Give the address that this visitor is invited by; None when they are not, or not any more."""
    # a shell has no session
    key = getattr(request, "session", {}).get(_KEY)
    path = getattr(settings, "INVITED", None)
    address: str | None = import_string(path)(key) if key and path else None
    return address


def has_account(email: str) -> bool:
    """Tell whether somebody has an account with this address; ask it for whoever proved theirs."""
    return bool(filter_users_by_email(email))


def owns(user: Any, email: str) -> bool:
    """Tell whether an address is a person's, and was proved."""
    addresses = EmailAddress.objects.filter(user=user, verified=True)
    return bool(addresses.filter(email__iexact=email).exists())

"""Who has to set up a second factor, and how they get to do it."""

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

_ON_THE_WAY = ("mfa_", "account_", "usersessions_")


def is_missing(request: HttpRequest) -> bool:
    """Tell whether this person has to enrol before anything else: staff without a second factor."""
    user = request.user
    if not user.is_authenticated or not getattr(user, "is_staff", False):
        return False
    return not is_mfa_enabled(user)


def is_being_set_up(request: HttpRequest) -> bool:
    """Tell whether the page is one that somebody needs on the way to a second factor."""
    match = request.resolver_match
    return match is not None and (match.url_name or "").startswith(_ON_THE_WAY)

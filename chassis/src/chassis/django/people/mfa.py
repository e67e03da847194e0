"""Second factors: who must have one, how the secrets are stored, who verified one recently."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.apps import apps
from django.http import HttpRequest

from chassis.django import field_encryption
from chassis.problems import ProblemError

_ON_THE_WAY = ("mfa_", "account_", "usersessions_")


class Adapter(DefaultMFAAdapter):
    """The adapter for allauth's second factors (MFA_ADAPTER)."""

    def encrypt(self, text: str) -> str:
        """Encrypt the secret of an authenticator app, or the seed of recovery codes."""
        return field_encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt it. Raises the problem 503 when the SECRET_KEY of that time is gone."""
        try:
            return field_encryption.decrypt(encrypted_text)
        except field_encryption.UnreadableError:
            raise ProblemError(
                503,
                "second-factor-unreadable",
                "This second factor was stored under a SECRET_KEY that the service no longer has: "
                "the operator must add that key to SECRET_KEY_FALLBACKS.",
            ) from None


def is_missing(request: HttpRequest) -> bool:
    """Return whether this person must enroll before anything else."""
    return is_missing_of(request.user)


def is_missing_of(user: Any) -> bool:
    """Return whether a person is staff without a second factor, on a site that has them."""
    is_staff = user.is_authenticated and getattr(user, "is_staff", False)
    return bool(is_staff and apps.is_installed("allauth.mfa") and not is_mfa_enabled(user))


def is_being_set_up(request: HttpRequest) -> bool:
    """Return whether the page is needed to set up a second factor."""
    match = request.resolver_match
    return match is not None and (match.url_name or "").startswith(_ON_THE_WAY)


def was_verified_recently(request: HttpRequest) -> bool:
    """Return whether the person reauthenticated minutes ago, with their second factor if any.

    Signing in with it counts, because a code works once and the next one takes half a minute.
    """
    user: Any = request.user
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    verified_at = max(
        (record["at"] for record in records if record["method"] == "mfa"), default=0.0
    )
    is_fresh = time.time() - verified_at < app_settings.REAUTHENTICATION_TIMEOUT
    return is_fresh or bool(did_recently_reauthenticate(request))

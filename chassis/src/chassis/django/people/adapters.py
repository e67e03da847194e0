"""The platform's rules about accounts, as adapters of allauth."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from requests import RequestException

from chassis.django.people import invitations, mfa
from chassis.problems import ProblemError


class AccountAdapter(DefaultAccountAdapter):
    """Who may sign up, and how a person reauthenticates (ACCOUNT_ADAPTER)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether a visitor may sign up.

        Every visitor may if SIGN_UP_OPEN is set; otherwise an open invitation is needed.
        """
        if getattr(settings, "SIGN_UP_OPEN", False):
            return True
        return invitations.invited_address(request) is not None

    def clean_email(self, email: str) -> str:
        """Refuse another address than the invited one at a sign-up by invitation."""
        cleaned: str = super().clean_email(email)
        # a person with an account resets the password of that one, whatever link they opened
        is_known = _is_signed_in(self.request) or _resets_a_password(self.request)
        invited = None if is_known else invitations.invited_address(self.request)
        if invited and cleaned.lower() != invited.lower():
            raise ValidationError(f"Your invitation is for {invited}: sign up with that address.")
        return cleaned

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Return whether an address is verified: the invitation link in its mail has proved it.

        allauth would add the address to the next account that is made, even to one from an identity
        provider. Then an attacker could send a link and get into the account of the person who
        opens it. Here the link counts only for an account with exactly that address.
        """
        invited = invitations.invited_address(request)
        return invited is not None and invited.lower() == email.lower()

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Let allauth's pages skip reauthentication after a recent second factor, as ours do."""
        is_required: bool = super().is_reauthentication_required(app=app)
        return is_required and not mfa.was_verified_recently(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Offer the password only to people without a second factor: it would replace both."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [method for method in methods if method["id"] != "reauthenticate"]
        return factors or methods


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Who may sign in from an identity provider (SOCIALACCOUNT_ADAPTER)."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Return whether a person may sign up; an invitation is needed if sign-up is closed."""
        if getattr(settings, "SIGN_UP_OPEN", False):
            return True
        addresses = {address.email.lower() for address in sociallogin.email_addresses}
        return (invitations.invited_address(request) or "").lower() in addresses

    def authenticate_by_email(self, sociallogin: Any) -> Any:
        """Find the account of an address that the provider has verified.

        In OpenID Connect Core 1.0, 5.1 `email_verified` is a boolean. Some providers send a string:
        only "true" counts.
        """
        for address in sociallogin.email_addresses:
            address.verified = address.verified in (True, "true")
        return super().authenticate_by_email(sociallogin)

    def get_requests_session(self) -> Any:
        """Return the HTTP session for the provider; raise a problem (503) if it is unreachable."""
        session = super().get_requests_session()  # type: ignore[no-untyped-call]
        session.request = _answering(session.request)
        return session


def _answering(send: Callable[..., Any]) -> Callable[..., Any]:
    def ask(*arguments: Any, **named: Any) -> Any:
        try:
            answer = send(*arguments, **named)
        except RequestException:
            raise _unavailable() from None
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _unavailable()
        return answer

    return ask


def _unavailable() -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "identity-provider-unavailable",
        "The identity provider does not answer: try again in a moment, or sign in another way.",
    )


def _is_signed_in(request: HttpRequest) -> bool:
    return bool(getattr(request, "user", None) and request.user.is_authenticated)


def _resets_a_password(request: HttpRequest) -> bool:
    match = getattr(request, "resolver_match", None)
    return match is not None and match.url_name == "account_reset_password"

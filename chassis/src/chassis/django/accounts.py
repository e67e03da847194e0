"""Our rules about accounts, where allauth asks for them."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from chassis.django import invitations


class AccountAdapter(DefaultAccountAdapter):
    """Who may make an account, and how somebody proves again who they are (ACCOUNT_ADAPTER)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether somebody may sign up: everybody where SIGN_UP_OPEN says so, else whoever
        holds an open invitation."""
        if getattr(settings, "SIGN_UP_OPEN", False):
            return True
        return invitations.invited_address(request) is not None

    def clean_email(self, email: str) -> str:
        """Refuse an address other than the invited one to somebody who signs up by invitation."""
        cleaned: str = super().clean_email(email)
        invited = None if _is_signed_in(self.request) else invitations.invited_address(self.request)
        if invited and cleaned.lower() != invited.lower():
            raise ValidationError(f"Your invitation is for {invited}: sign up with that address.")
        return cleaned

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Offer a password only to those who have no second factor: it would stand in for both."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [method for method in methods if method["id"] != "reauthenticate"]
        return factors or methods


def _is_signed_in(request: HttpRequest) -> bool:
    return bool(getattr(request, "user", None) and request.user.is_authenticated)

"""Who may make an account."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Our rules about accounts, where allauth asks for them (ACCOUNT_ADAPTER)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether strangers may sign up: only where SIGN_UP_OPEN says so."""
        return bool(getattr(settings, "SIGN_UP_OPEN", False))

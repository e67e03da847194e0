"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The user model. allauth provides the pages (login, sign-up, reset), in our templates."""

    name = "web.accounts"

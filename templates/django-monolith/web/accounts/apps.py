"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People; their pages (login, sign-up, reset) are allauth's, in our templates."""

    name = "web.accounts"

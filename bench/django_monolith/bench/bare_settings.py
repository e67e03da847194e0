"""The service's own settings with the middleware of `startproject` in place of the platform's."""

from django.apps import AppConfig

from web.settings import *  # noqa: F403 - the same Django, except the settings below
from web.settings import INSTALLED_APPS as _APPS


class Account(AppConfig):
    """The users' email addresses, which the user model refers to, without allauth's middleware."""

    name = "allauth.account"


INSTALLED_APPS = [f"{__name__}.Account" if app == "allauth.account" else app for app in _APPS]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

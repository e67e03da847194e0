"""The same views on Django with the middleware of `startproject`: no standards."""

import os

from chassis.django import database
from django.apps import AppConfig
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import include, path


class Account(AppConfig):
    """The table of addresses, which the person's model names, without allauth's middleware."""

    name = "allauth.account"


settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    AUTH_USER_MODEL="accounts.User",
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "allauth",
        f"{__name__}.Account",
        "web.accounts",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={"default": database(os.environ["DATABASE_URL"])},
)
urlpatterns = [path("bench/", include("web.bench.urls"))]
application = get_wsgi_application()

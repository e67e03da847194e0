"""The settings, read from top to bottom."""

DEBUG = False
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"

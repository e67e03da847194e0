"""What only some plans and choices have; seeds carry no word of it."""

from pathlib import Path
from typing import Any

from chassis import service
from chassis.django import appearance, people

# views of the framework are JSON, need a session, and answer mistakes as problems
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["chassis.django.drf_parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chassis.django.drf.handle",
}

# any queue: a worker takes jobs from all of them
TASKS = {"default": {"BACKEND": "chassis.django.jobs.Backend", "QUEUES": []}}


def install(settings: dict[str, Any]) -> None:
    """Complete Django's settings, given as `globals()` of the settings module with its BASE_DIR.

    Everybody gets second factors, a list of sessions, the back office's frame, and the platform's
    queue for Django's tasks.
    Django REST framework, where it is installed, gets REST_FRAMEWORK unless the team wrote its own.
    In a hybrid the web half becomes the identity provider: an app, its settings and, through
    `chassis.django.urls`, its addresses.
    """
    people.install(settings)
    appearance.install(settings)
    if "rest_framework" in settings["INSTALLED_APPS"]:
        settings.setdefault("REST_FRAMEWORK", REST_FRAMEWORK)
    settings.setdefault("TASKS", TASKS)
    found = service.load(Path(settings["BASE_DIR"]))
    if found.plan != "hybrid":
        return
    from chassis.django import identity  # noqa: PLC0415 - a monolith never imports a provider

    identity.install(settings, found)

"""Settings that depend on the plan and the options; seeded files need not name them."""

from pathlib import Path
from typing import Any

from chassis.django.api import json_body
from chassis.django.api.settings import WebApiSettings
from chassis.django.back_office import theme
from chassis.django.people import settings as people
from chassis.django.people import sso
from chassis.service import load as load_service

# views of the framework use JSON, need a signed-in person, and answer errors with problem details
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["chassis.django.api.drf_requests.Authentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["chassis.django.api.drf_requests.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "COERCE_DECIMAL_TO_STRING": True,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chassis.django.api.drf.handle",
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["chassis.django.api.drf.complete_document"],
    "PREPROCESSING_HOOKS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
LOGIN_REQUIRED = "chassis.django.middleware.LoginRequiredMiddleware"
API = "chassis.django.api.middleware.ApiMiddleware"

# every queue name is allowed: a worker takes jobs from all of them
TASKS = {"default": {"BACKEND": "chassis.django.jobs.tasks.Backend", "QUEUES": []}}


def install(settings: dict[str, Any]) -> None:
    """Complete Django's settings in place; pass `globals()` of the settings module with BASE_DIR.

    Every service gets second factors, a list of sessions, sign-in at the provider that the
    environment may name, the theme of the back office, and the platform's queue for Django's tasks.
    A service with an API gets its middleware (`chassis.django.api.middleware`) and its settings. If
    Django REST framework is installed, it gets REST_FRAMEWORK unless the team set its own. In a
    hybrid the web half becomes the identity provider: with an app, its settings and, through
    `chassis.django.urls`, its URLs.
    """
    people.install(settings)
    theme.install(settings)
    _install_api(settings)
    if "rest_framework" in settings["INSTALLED_APPS"]:
        settings.setdefault("REST_FRAMEWORK", REST_FRAMEWORK)
        settings.setdefault("SPECTACULAR_SETTINGS", SPECTACULAR_SETTINGS)
    settings.setdefault("TASKS", TASKS)
    service = load_service(Path(settings["BASE_DIR"]))
    sso.install(settings, service)
    if service.plan != "hybrid":
        return
    from chassis.django.identity import settings as identity  # noqa: PLC0415 - hybrid only

    identity.install(settings, service)


def _install_api(settings: dict[str, Any]) -> None:
    middleware: list[str] = settings.get("MIDDLEWARE", [])
    root = Path(settings["BASE_DIR"])
    if not (root / "web" / "api").is_dir() or LOGIN_REQUIRED not in middleware:
        return
    middleware.insert(middleware.index(LOGIN_REQUIRED), API)
    settings.setdefault("TENANT_OF", "web.tenancy.tenant_of")
    settings.setdefault("API", WebApiSettings.load(settings["SERVICE"]))
    settings.setdefault("DATA_UPLOAD_MAX_MEMORY_SIZE", json_body.MAX_BYTES)

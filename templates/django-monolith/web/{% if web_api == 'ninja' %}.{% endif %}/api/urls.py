"""The URLs under `/api/`. The `router` of each `web/<app>/api.py` is mounted at `/api/<app>/`."""

from chassis.django.api.ninja import create_api
from chassis.django.discovery import discover
from django.conf import settings
from django.urls import path

api = create_api(title=settings.SERVICE.name, version=settings.SERVICE.version)
for name, module in discover("web", "api").items():
    api.add_router(f"/{name}/", module.router)

urlpatterns = [path("", api.urls)]

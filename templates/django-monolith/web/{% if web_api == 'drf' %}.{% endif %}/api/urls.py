"""The URLs under `/api/`. The `router` of each `web/<app>/api.py` is mounted at `/api/<app>/`."""

from chassis.django.api.drf import SchemaView
from chassis.django.discovery import discover
from django.urls import include, path

urlpatterns = [
    path("schema", SchemaView.as_view(), name="api-schema"),
    *(
        path(f"{name}/", include(module.router.urls))
        for name, module in discover("web", "api").items()
    ),
]

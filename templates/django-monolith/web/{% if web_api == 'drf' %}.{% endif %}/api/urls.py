"""Addresses under `/api/`: the `router` of every `web/<app>/api.py` is mounted at `/api/<app>/`."""

from chassis.django import discover
from chassis.django.drf import SchemaView
from django.urls import include, path

urlpatterns = [
    path("schema", SchemaView.as_view(), name="api-schema"),
    *(
        path(f"{name}/", include(found.router.urls))
        for name, found in discover("web", "api").items()
    ),
]

"""The addresses that the platform adds: those of the identity provider, in a hybrid."""

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []

if apps.is_installed("allauth.idp.oidc"):
    urlpatterns += [path("", include("chassis.django.identity.urls"))]

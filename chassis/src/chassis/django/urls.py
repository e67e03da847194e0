"""The URLs that the platform adds: second factors, sessions, both sides of OpenID Connect."""

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from chassis.django.people import impersonation_pages

urlpatterns: list[URLPattern | URLResolver] = []

if apps.is_installed("allauth.mfa"):
    urlpatterns += [
        path("accounts/2fa/", include("allauth.mfa.urls")),
        path("accounts/sessions/", include("allauth.usersessions.urls")),
        path("support/impersonate/", impersonation_pages.start, name="impersonation_start"),
        path("support/impersonate/end/", impersonation_pages.end, name="impersonation_end"),
    ]
if getattr(settings, "SOCIALACCOUNT_PROVIDERS", None):
    urlpatterns += [
        path("accounts/3rdparty/", include("allauth.socialaccount.urls")),
        path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    ]
if apps.is_installed("allauth.idp.oidc"):
    urlpatterns += [path("", include("chassis.django.identity.urls"))]

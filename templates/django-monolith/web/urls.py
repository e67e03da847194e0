"""The URLs of the product. Each `web/<app>/urls.py` is included automatically at `/<app>/`."""

from chassis.django.discovery import discover_urls
from django.contrib import admin
from django.urls import include, path

from web import views

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("chassis.django.urls")),
    *discover_urls("web"),
]

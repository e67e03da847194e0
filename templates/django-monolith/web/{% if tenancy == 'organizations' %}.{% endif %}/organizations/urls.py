"""Addresses under `/organizations/`."""

from django.urls import path

from web.organizations import views

app_name = "organizations"
urlpatterns = [
    path("", views.organization_list, name="list"),
    path("<uuid:pk>/switch", views.switch, name="switch"),
]

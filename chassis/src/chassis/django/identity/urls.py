"""The provider's URLs; ours come first and replace allauth's with the same path."""

from django.urls import include, path

from chassis.django.identity.views import AuthorizationView, TokenView

urlpatterns = [
    path("identity/o/api/token", TokenView.as_view()),
    path("identity/o/authorize", AuthorizationView.as_view()),
    path("", include("allauth.idp.urls")),
]

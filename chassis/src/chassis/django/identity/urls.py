"""The provider's addresses; ours stand in front of allauth's of the same path."""

from django.urls import include, path

from chassis.django.identity.views import AuthorizationView, TokenView

urlpatterns = [
    path("identity/o/api/token", TokenView.as_view()),
    path("identity/o/authorize", AuthorizationView.as_view()),
    path("", include("allauth.idp.urls")),
]

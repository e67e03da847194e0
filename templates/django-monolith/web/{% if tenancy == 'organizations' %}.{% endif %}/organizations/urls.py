"""The URLs under `/organizations/`."""

from django.urls import path

from web.organizations import joining, members, views

app_name = "organizations"
urlpatterns = [
    path("", views.organization_list, name="list"),
    path("<uuid:pk>/switch", views.switch, name="switch"),
    path("members", members.member_list, name="members"),
    path("members/<uuid:pk>", members.member, name="member"),
    path("members/<uuid:pk>/remove", members.remove, name="remove"),
    path("members/invite", members.invite, name="invite"),
    path("members/invitations/<uuid:pk>/resend", members.resend, name="resend"),
    path("members/invitations/<uuid:pk>/withdraw", members.withdraw, name="withdraw"),
    path("join/<str:token>", joining.join, name="join"),
]

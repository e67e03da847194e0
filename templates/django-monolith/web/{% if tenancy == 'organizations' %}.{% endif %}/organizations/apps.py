"""The organizations app."""

from importlib import import_module

from django.apps import AppConfig

from web.navigation import MenuItem
from web.organizations.permissions import MANAGE


class OrganizationsConfig(AppConfig):
    """Organizations, their members, and invitations."""

    name = "web.organizations"
    # public, because an invited person may have no account yet
    public_routes = ("/organizations/join/<str:token>",)
    menu = (
        MenuItem(
            label="Organizations",
            url_name="organizations:list",
            summary="See your organizations and choose the one to work with.",
        ),
        MenuItem(
            label="Members",
            url_name="organizations:members",
            summary="Invite people, give them roles, and see all members.",
            permission=MANAGE,
        ),
    )

    def ready(self) -> None:
        """Connect the signal handlers for sign-ups and changes of memberships."""
        import_module("web.organizations.signals")  # imported here because it needs the models

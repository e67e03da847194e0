"""The organizations app."""

from importlib import import_module

from django.apps import AppConfig

from web.navigation import MenuItem
from web.organizations.permissions import MANAGE


class OrganizationsConfig(AppConfig):
    """Organisations, their members, and invitations."""

    name = "web.organizations"
    # what anybody may open: whoever reads the mail of an invited address
    public_routes = ("/organizations/join/<str:token>",)
    menu = (
        MenuItem(
            label="Organisations",
            url_name="organizations:list",
            summary="See where you belong and choose whose data you work with.",
        ),
        MenuItem(
            label="Members",
            url_name="organizations:members",
            summary="Invite people, say what they may do, and see who belongs here.",
            permission=MANAGE,
        ),
    )

    def ready(self) -> None:
        """Listen to sign-ups and to changes of memberships."""
        import_module("web.organizations.signals")  # needs the models

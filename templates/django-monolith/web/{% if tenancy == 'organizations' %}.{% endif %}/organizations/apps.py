"""The organizations app."""

from django.apps import AppConfig

from web.navigation import MenuItem


class OrganizationsConfig(AppConfig):
    """Organisations and their members."""

    name = "web.organizations"
    menu = MenuItem(
        label="Organisations",
        url_name="organizations:list",
        summary="See where you belong and choose whose data you work with.",
    )

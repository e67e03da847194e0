"""The approvals app."""

from django.apps import AppConfig

from web.approvals.permissions import READ
from web.navigation import MenuItem


class ApprovalsConfig(AppConfig):
    """Requests for spending and the decisions on them."""

    name = "web.approvals"
    default_auto_field = "django.db.models.BigAutoField"
    menu = MenuItem(
        label="Approvals",
        url_name="approvals:list",
        summary="Ask for spending to be approved, and decide on what others ask for.",
        permission=READ,
    )

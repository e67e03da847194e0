"""The approvals app."""

from django.apps import AppConfig

from web.approvals.permissions import READ
from web.navigation import MenuItem


class ApprovalsConfig(AppConfig):
    """Requests for spending, and the decisions on them."""

    name = "web.approvals"
    default_auto_field = "django.db.models.BigAutoField"
    menu = MenuItem(
        label="Approvals",
        url_name="approvals:list",
        summary="Request approval for spending, and decide on the requests of others.",
        permission=READ,
    )

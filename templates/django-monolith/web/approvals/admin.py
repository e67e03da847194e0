"""Requests in the back office: only a decision changes anything.

The back office belongs to those who run the service: staff see the requests of every tenant.
"""

from typing import cast

from chassis.problems import ProblemError
from django.contrib import admin, messages
from django.http import HttpRequest

from web.accounts.models import User
from web.approvals import services
from web.approvals.models import ApprovalRequest, ApprovalRequestQuerySet


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(admin.ModelAdmin):
    """Look through requests and approve several at once."""

    list_display = ("title", "amount", "status", "requested_by", "requested_at", "decided_by")
    list_filter = ("status", "requested_at")
    list_select_related = ("requested_by", "decided_by")
    search_fields = ("title", "purpose", "requested_by__email")
    date_hierarchy = "requested_at"
    actions = ("approve_selected",)

    @admin.action(description="Approve selected requests", permissions=["decide"])
    def approve_selected(self, request: HttpRequest, chosen: ApprovalRequestQuerySet) -> None:
        """Approve one after the other; each that cannot be approved is named with the reason."""
        for approval in chosen:
            try:
                services.approve(approval=approval, by=cast(User, request.user))
            except ProblemError as refusal:
                messages.warning(request, f"{approval}: {refusal}")
            else:
                messages.success(request, f"{approval}: approved.")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Offer the action to those who may decide."""
        return request.user.has_perm("approvals.decide")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Requests are made on the page for it, in the name of whoever asks."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: ApprovalRequest | None = None
    ) -> bool:
        """What was asked for stays as it was asked for."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: ApprovalRequest | None = None
    ) -> bool:
        """Who asked for what, and who decided, stays on record; for an administrator too."""
        return False

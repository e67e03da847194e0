"""Requests in the back office. Only a decision changes a request, and staff confirm it first.

The back office is for the people who run the service: staff see the requests of all tenants.
"""

from collections.abc import Callable
from typing import cast

from chassis.django.back_office.read_only import ReadOnlyAdmin
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from web.accounts.models import User
from web.approvals import services
from web.approvals.models import ApprovalRequest, ApprovalRequestQuerySet


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    """Browse requests, and decide on several at once."""

    list_display = ("title", "amount", "status", "requested_by", "requested_at", "decided_by")
    list_filter = ("status", "requested_at")
    list_select_related = ("requested_by", "decided_by")
    search_fields = ("title", "purpose", "requested_by__email")
    date_hierarchy = "requested_at"
    actions = ("approve_selected", "reject_selected")

    @admin.action(description="Approve selected requests", permissions=["decide"])
    def approve_selected(
        self, request: HttpRequest, chosen: ApprovalRequestQuerySet
    ) -> HttpResponse | None:
        """Approve the selected requests one by one, after a confirmation page."""
        return self._decide(request, chosen, services.approve, title="Approve these requests")

    @admin.action(description="Reject selected requests", permissions=["decide"])
    def reject_selected(
        self, request: HttpRequest, chosen: ApprovalRequestQuerySet
    ) -> HttpResponse | None:
        """Reject the selected requests one by one, after a confirmation page."""
        return self._decide(request, chosen, services.reject, title="Reject these requests")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Return whether a person may decide. Only then the page offers the actions."""
        return request.user.has_perm("approvals.decide")

    def _decide(
        self,
        request: HttpRequest,
        chosen: ApprovalRequestQuerySet,
        decide: Callable[..., ApprovalRequest],
        *,
        title: str,
    ) -> HttpResponse | None:
        user = cast(User, request.user)
        return self.confirm_each(
            request, chosen, lambda approval: decide(approval=approval, by=user), title=title
        )

"""The operations on approvals: list, create, read, decide. Only the pages offer attachments."""

from decimal import Decimal
from enum import StrEnum
from typing import cast
from uuid import UUID

import strawberry
import strawberry_django
from chassis.django.api.graphql import Info, field
from chassis.django.api.pagination import newest_first
from django.shortcuts import get_object_or_404

from web.accounts.models import User
from web.approvals import queries, services
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant


@strawberry.enum(name="ApprovalStatus")
class Status(StrEnum):
    """The state of a request."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@strawberry.enum
class Decision(StrEnum):
    """The decision on a request."""

    APPROVED = "approved"
    REJECTED = "rejected"


@strawberry_django.type(ApprovalRequest)
class Approval:
    """A stored request. People are given by their ID. The amount is in euros."""

    id: UUID
    title: strawberry.auto
    amount: strawberry.auto
    purpose: strawberry.auto
    attachment_name: strawberry.auto
    status: Status
    requested_by_id: UUID
    requested_at: strawberry.auto
    decided_by_id: UUID | None
    decided_at: strawberry.auto
    comment: strawberry.auto


@strawberry.type
class ApprovalPage:
    """One page of a list, newest first. On the last page `nextCursor` is null."""

    items: list[Approval]
    next_cursor: str | None


@strawberry.type
class Query:
    """The reads."""

    @field(READ)
    def approvals(
        self, info: Info, status: Status | None = None, limit: int = 50, after: str | None = None
    ) -> ApprovalPage:
        """List the requests of the caller's tenant, newest first, at most 200 per page."""
        approvals = queries.visible(info.context.request).matching(status=status or "")
        page = newest_first(approvals, by="requested_at", limit=limit, after=after)
        return ApprovalPage(items=cast(list[Approval], page.items), next_cursor=page.next_cursor)

    @field(READ)
    def approval(self, info: Info, id: UUID) -> Approval:  # noqa: A002
        """Return one request."""
        return cast(Approval, get_object_or_404(queries.visible(info.context.request), pk=id))


@strawberry.type
class Mutation:
    """The writes."""

    @field(CREATE)
    def create_approval(self, info: Info, title: str, amount: Decimal, purpose: str) -> Approval:
        """Create a request."""
        made = services.submit(
            title=title,
            amount=amount,
            purpose=purpose,
            tenant=current_tenant(info.context.request),
            by=cast(User, info.context.request.user),
        )
        return cast(Approval, made)

    @field(DECIDE)
    def decide_approval(
        self,
        info: Info,
        id: UUID,  # noqa: A002
        status: Decision,
        comment: str = "",
    ) -> Approval:
        """Approve or reject a request. The `extensions` of an error give the reason."""
        approval = get_object_or_404(queries.visible(info.context.request), pk=id)
        decide = services.approve if status is Decision.APPROVED else services.reject
        by = cast(User, info.context.request.user)
        return cast(Approval, decide(approval=approval, by=by, comment=comment))

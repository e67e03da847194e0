"""The operations on approvals: list, create, decide."""

from decimal import Decimal
from enum import StrEnum
from typing import cast
from uuid import UUID

import strawberry
import strawberry_django
from chassis.django.graphql import bounded
from chassis.django.roles import check
from django.shortcuts import get_object_or_404
from strawberry.types import Info

from web.approvals import services
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant


@strawberry.enum(name="ApprovalStatus")
class Status(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@strawberry.enum
class Decision(StrEnum):
    """What became of a request."""

    APPROVED = "approved"
    REJECTED = "rejected"


@strawberry_django.type(ApprovalRequest)
class Approval:
    """A request as it is stored; people are named by their key, the amount is in euros."""

    id: UUID
    title: strawberry.auto
    amount: strawberry.auto
    purpose: strawberry.auto
    status: Status
    requested_by_id: UUID
    requested_at: strawberry.auto
    decided_by_id: UUID | None
    decided_at: strawberry.auto


@strawberry.type
class ApprovalPage:
    """Part of a list, and how long the whole is."""

    items: list[Approval]
    count: int


@strawberry.type
class Query:
    """The reads."""

    @strawberry.field
    def approvals(
        self, info: Info, status: Status | None = None, limit: int = 20, offset: int = 0
    ) -> ApprovalPage:
        """List the requests of the caller's tenant, newest first, at most 100 at once."""
        check(info.context.request, READ)
        found = ApprovalRequest.objects.for_tenant(current_tenant(info.context.request))
        if status:
            found = found.filter(status=status)
        part = found[bounded(limit=limit, offset=offset)]
        return ApprovalPage(items=cast(list[Approval], list(part)), count=found.count())


@strawberry.type
class Mutation:
    """The writes."""

    @strawberry.mutation
    def create_approval(self, info: Info, title: str, amount: Decimal, purpose: str) -> Approval:
        """Ask for something."""
        request = info.context.request
        check(request, CREATE)
        made = services.submit(
            title=title,
            amount=amount,
            purpose=purpose,
            tenant=current_tenant(request),
            by=request.user,
        )
        return cast(Approval, made)

    @strawberry.mutation
    def decide_approval(self, info: Info, id: UUID, status: Decision) -> Approval:  # noqa: A002
        """Approve or reject; the error's `extensions` say why that cannot be."""
        check(info.context.request, DECIDE)
        tenant = current_tenant(info.context.request)
        approval = get_object_or_404(ApprovalRequest.objects.for_tenant(tenant), pk=id)
        decide = services.approve if status is Decision.APPROVED else services.reject
        return cast(Approval, decide(approval=approval, by=info.context.request.user))

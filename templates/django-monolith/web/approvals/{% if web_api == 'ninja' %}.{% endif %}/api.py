"""The operations of `/api/approvals/`: list, create, decide."""

from datetime import datetime
from decimal import Decimal
from typing import Literal, cast
from uuid import UUID

from chassis.django.roles import require
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status

from web.accounts.models import User
from web.approvals import services
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant

router = Router(tags=["approvals"])


class NewRequest(Schema):
    """What somebody asks for; the amount is in euros."""

    title: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")
    amount: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    purpose: str = Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")


class Decision(Schema):
    """What became of it."""

    status: Literal["approved", "rejected"]


class Approval(Schema):
    """A request as it is stored; people are named by their key."""

    id: UUID
    title: str
    amount: Decimal
    purpose: str
    status: ApprovalRequest.Status
    requested_by_id: UUID
    requested_at: datetime
    decided_by_id: UUID | None
    decided_at: datetime | None


class Page(Schema):
    """Part of a list, and how long the whole is."""

    items: list[Approval]
    count: int


class Filters(Schema):
    """Which part to give."""

    status: ApprovalRequest.Status | None = None
    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0, le=1_000_000)


@router.get("", response=Page, operation_id="approvals_list")
@require(READ)
def list_requests(request: HttpRequest, filters: Query[Filters]) -> dict[str, object]:
    """List the requests of the caller's tenant, newest first."""
    found = ApprovalRequest.objects.for_tenant(current_tenant(request))
    if filters.status:
        found = found.filter(status=filters.status)
    end = filters.offset + filters.limit
    return {"items": list(found[filters.offset : end]), "count": found.count()}


@router.post("", response={201: Approval}, operation_id="approvals_create")
@require(CREATE)
def create_request(request: HttpRequest, body: NewRequest) -> Status[ApprovalRequest]:
    """Ask for something."""
    tenant = current_tenant(request)
    made = services.submit(**body.dict(), tenant=tenant, by=cast(User, request.user))
    return Status(201, made)


@router.post("{uuid:pk}/decision", response=Approval, operation_id="approvals_decide")
@require(DECIDE)
def decide_request(request: HttpRequest, pk: UUID, body: Decision) -> ApprovalRequest:
    """Approve or reject; 403 and 409 say why that cannot be."""
    approval = get_object_or_404(ApprovalRequest.objects.for_tenant(current_tenant(request)), pk=pk)
    decide = services.approve if body.status == "approved" else services.reject
    return decide(approval=approval, by=cast(User, request.user))

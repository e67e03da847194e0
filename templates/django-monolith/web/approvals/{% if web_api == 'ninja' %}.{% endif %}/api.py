"""The operations of `/api/approvals/`: list, create, read, decide, and the attachment."""

from datetime import datetime
from decimal import Decimal
from typing import Literal, cast
from uuid import UUID

from chassis.django.api.ninja import FILE, Attachment, Paging
from chassis.django.api.pagination import newest_first
from chassis.django.people.roles import require
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status

from web.accounts.models import User
from web.approvals import queries, services
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant

router = Router(tags=["approvals"])


class NewRequest(Schema):
    """A new request. The amount is in euros. The attachment is a PDF, PNG or JPEG file."""

    title: str = Field(min_length=1, max_length=120)
    amount: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    purpose: str = Field(min_length=1, max_length=2000)
    attachment: Attachment | None = None


class Decision(Schema):
    """The decision on a request, and a comment."""

    status: Literal["approved", "rejected"]
    comment: str = Field("", max_length=1000)


class Approval(Schema):
    """A stored request. People are given by their ID. The amount is in euros."""

    id: UUID
    title: str
    amount: Decimal
    purpose: str
    attachment_name: str
    status: ApprovalRequest.Status
    requested_by: UUID = Field(alias="requested_by_id")
    requested_at: datetime
    decided_by: UUID | None = Field(alias="decided_by_id")
    decided_at: datetime | None
    comment: str


class Page(Schema):
    """One page of a list, newest first. On the last page `next_cursor` is null."""

    items: list[Approval]
    next_cursor: str | None


class Filters(Paging):
    """The page of the list, and its filters."""

    status: ApprovalRequest.Status | None = None


@router.get("", response=Page, operation_id="approvals_list")
@require(READ)
def list_requests(request: HttpRequest, filters: Query[Filters]) -> object:
    """List the requests of the caller's tenant, newest first."""
    approvals = queries.visible(request).matching(status=filters.status or "")
    return newest_first(approvals, by="requested_at", limit=filters.limit, after=filters.after)


@router.post("", response={201: Approval}, operation_id="approvals_create")
@require(CREATE)
def create_request(request: HttpRequest, body: NewRequest) -> Status[ApprovalRequest]:
    """Create a request."""
    tenant = current_tenant(request)
    made = services.submit(**body.dict(), tenant=tenant, by=cast(User, request.user))
    return Status(201, made)


@router.get("{uuid:pk}", response=Approval, operation_id="approvals_read")
@require(READ)
def read_request(request: HttpRequest, pk: UUID) -> ApprovalRequest:
    """Return one request."""
    return get_object_or_404(queries.visible(request), pk=pk)


@router.get("{uuid:pk}/attachment", operation_id="approvals_attachment", openapi_extra=FILE)
@require(READ)
def read_attachment(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Return the attachment of a request as a download."""
    return queries.attachment(request, pk)


@router.post("{uuid:pk}/decision", response=Approval, operation_id="approvals_decide")
@require(DECIDE)
def decide_request(request: HttpRequest, pk: UUID, body: Decision) -> ApprovalRequest:
    """Approve or reject a request. A 403 or 409 gives the reason of a refusal."""
    approval = get_object_or_404(queries.visible(request), pk=pk)
    decide = services.approve if body.status == "approved" else services.reject
    return decide(approval=approval, by=cast(User, request.user), comment=body.comment)

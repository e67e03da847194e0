"""The operations of `/api/approvals/`: list, file, read, decide, and the attachment."""

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
    """What somebody asks for; the amount is in euros, the attachment a PDF, PNG or JPEG file."""

    title: str = Field(min_length=1, max_length=120)
    amount: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    purpose: str = Field(min_length=1, max_length=2000)
    attachment: Attachment | None = None


class Decision(Schema):
    """What becomes of it, and the words that go with that."""

    status: Literal["approved", "rejected"]
    comment: str = Field("", max_length=1000)


class Approval(Schema):
    """A request as it is stored; people are named by their key."""

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
    """Part of a list, newest first; there is more while `next_cursor` is not null."""

    items: list[Approval]
    next_cursor: str | None


class Filters(Paging):
    """Which part to give."""

    status: ApprovalRequest.Status | None = None


@router.get("", response=Page, operation_id="approvals_list")
@require(READ)
def list_requests(request: HttpRequest, filters: Query[Filters]) -> object:
    """List the requests of the caller's tenant, newest first."""
    found = queries.visible(request).matching(status=filters.status or "")
    return newest_first(found, by="requested_at", limit=filters.limit, after=filters.after)


@router.post("", response={201: Approval}, operation_id="approvals_create")
@require(CREATE)
def create_request(request: HttpRequest, body: NewRequest) -> Status[ApprovalRequest]:
    """Ask for something."""
    tenant = current_tenant(request)
    made = services.submit(**body.dict(), tenant=tenant, by=cast(User, request.user))
    return Status(201, made)


@router.get("{uuid:pk}", response=Approval, operation_id="approvals_read")
@require(READ)
def read_request(request: HttpRequest, pk: UUID) -> ApprovalRequest:
    """Give one request."""
    return get_object_or_404(queries.visible(request), pk=pk)


@router.get("{uuid:pk}/attachment", operation_id="approvals_attachment", openapi_extra=FILE)
@require(READ)
def read_attachment(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Give the attachment of a request, to be saved."""
    return queries.attachment(request, pk)


@router.post("{uuid:pk}/decision", response=Approval, operation_id="approvals_decide")
@require(DECIDE)
def decide_request(request: HttpRequest, pk: UUID, body: Decision) -> ApprovalRequest:
    """Approve or reject; 403 and 409 say why that cannot be."""
    approval = get_object_or_404(queries.visible(request), pk=pk)
    decide = services.approve if body.status == "approved" else services.reject
    return decide(approval=approval, by=cast(User, request.user), comment=body.comment)

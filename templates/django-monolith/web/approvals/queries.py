"""The reads: pages, reports and the API ask here what a person may see."""

from uuid import UUID

from chassis.django.files.uploads import deliver
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404

from web.approvals.models import ApprovalRequest, ApprovalRequestQuerySet
from web.tenancy import current_tenant


def visible(request: HttpRequest) -> ApprovalRequestQuerySet:
    """Give the requests that the person of a request may see, with their people."""
    return ApprovalRequest.objects.for_tenant(current_tenant(request)).with_people()


def attachment(request: HttpRequest, pk: UUID) -> FileResponse:
    """Give the attachment of a visible request; raises `Http404` where there is none."""
    approval = get_object_or_404(visible(request), pk=pk)
    if not approval.attachment:
        raise Http404
    try:
        return deliver(approval.attachment, name=approval.attachment_name)
    except FileNotFoundError:
        raise Http404 from None

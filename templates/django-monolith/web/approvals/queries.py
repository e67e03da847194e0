"""The reads: pages, reports and the API ask here what a person may see."""

from uuid import UUID

from chassis.django.files.uploads import deliver
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404

from web.approvals.models import ApprovalRequest, ApprovalRequestQuerySet
from web.tenancy import current_tenant


def visible(request: HttpRequest) -> ApprovalRequestQuerySet:
    """Return the requests that the signed-in person may see, with the people they name."""
    return ApprovalRequest.objects.for_tenant(current_tenant(request)).with_people()


def attachment(request: HttpRequest, pk: UUID) -> FileResponse:
    """Return the attachment of a visible request. Raises `Http404` if there is none."""
    approval = get_object_or_404(visible(request), pk=pk)
    if not approval.attachment:
        raise Http404
    try:
        return deliver(approval.attachment, name=approval.attachment_name)
    except FileNotFoundError:
        raise Http404 from None

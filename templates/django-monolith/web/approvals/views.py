"""The pages: a list, a form, one request, and the decision on it."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from chassis.django.roles import may, require
from chassis.problems import ProblemError
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from web.accounts.models import User
from web.approvals import services
from web.approvals.forms import ApprovalRequestForm
from web.approvals.models import ApprovalRequest, ApprovalRequestQuerySet
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant

PAGE_SIZE = 20


@require(READ)
def request_list(request: HttpRequest) -> HttpResponse:
    """List the requests, newest first; `?status=pending` leaves out what is decided."""
    requests = _visible(request)
    status = request.GET.get("status", "")
    if status in ApprovalRequest.Status:
        requests = requests.filter(status=status)
    context = {
        "page": Paginator(requests, PAGE_SIZE).get_page(request.GET.get("page")),
        "statuses": ApprovalRequest.Status.choices,
        "status": status,
    }
    return render(request, "approvals/list.html", context)


@require(READ)
def request_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one request, with the decision or the buttons for it."""
    approval = get_object_or_404(_visible(request), pk=pk)
    user = cast(User, request.user)
    can_decide = approval.requested_by_id != user.pk and may(request, DECIDE)
    context = {"approval": approval, "can_decide": can_decide and approval.is_pending}
    return render(request, "approvals/detail.html", context)


@require(CREATE)
def request_new(request: HttpRequest) -> HttpResponse:
    """Ask for something."""
    form = ApprovalRequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        approval = services.submit(
            **form.cleaned_data, tenant=current_tenant(request), by=cast(User, request.user)
        )
        messages.success(request, f"“{approval}” is waiting for a decision.")
        return redirect("approvals:detail", pk=approval.pk)
    return render(request, "approvals/new.html", {"form": form})


@require_POST
@require(DECIDE)
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Grant one request and return to it."""
    return _decide(request, pk, services.approve)


@require_POST
@require(DECIDE)
def reject(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Turn one request down and return to it."""
    return _decide(request, pk, services.reject)


def _decide(request: HttpRequest, pk: UUID, decide: Callable[..., ApprovalRequest]) -> HttpResponse:
    approval = get_object_or_404(_visible(request), pk=pk)
    try:
        decided = decide(approval=approval, by=request.user)
    except ProblemError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"“{decided}” is {decided.get_status_display().lower()}.")
    return redirect("approvals:detail", pk=pk)


def _visible(request: HttpRequest) -> ApprovalRequestQuerySet:
    return ApprovalRequest.objects.for_tenant(current_tenant(request)).with_people()

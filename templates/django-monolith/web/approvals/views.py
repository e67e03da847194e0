"""The pages: the list, the form, one request, its attachment, and the decision on it."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from chassis.django.people.roles import may, require
from chassis.problems import ProblemError
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from web.accounts.models import User
from web.approvals import queries, services
from web.approvals.forms import ApprovalRequestForm, DecisionForm, FilterForm
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant

PAGE_SIZE = 50


@require_safe
@require(READ)
def request_list(request: HttpRequest) -> HttpResponse:
    """List the requests, newest first. `?status=pending` shows only undecided ones."""
    form = FilterForm(request.GET)
    chosen = form.chosen()
    context = {
        "page": Paginator(queries.visible(request).matching(**chosen), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "form": form,
        "statuses": ApprovalRequest.Status.choices,
        "chosen": chosen,
        "can_create": may(request, CREATE),
    }
    return render(request, "approvals/list.html", context)


@require_safe
@require(READ)
def request_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one request with its decision, or with the buttons to decide."""
    approval = get_object_or_404(queries.visible(request), pk=pk)
    obstacle = services.obstacle(approval, by=cast(User, request.user))
    context = {
        "approval": approval,
        "obstacle": obstacle if may(request, DECIDE) else None,
        "form": None if obstacle else DecisionForm(),
    }
    return render(request, "approvals/detail.html", context)


@require(CREATE)
def request_new(request: HttpRequest) -> HttpResponse:
    """Show the form of a new request, or create the request."""
    form = ApprovalRequestForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        approval = services.submit(
            **form.cleaned_data, tenant=current_tenant(request), by=cast(User, request.user)
        )
        messages.success(request, f"“{approval}” is waiting for a decision.")
        return redirect("approvals:detail", pk=approval.pk)
    return render(request, "approvals/new.html", {"form": form})


@require_safe
@require(READ)
def attachment(request: HttpRequest, pk: UUID) -> FileResponse:
    """Return the attachment to a person who may read the request."""
    return queries.attachment(request, pk)


@require_POST
@require(DECIDE)
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approve one request and return to its page."""
    return _decide(request, pk, services.approve)


@require_POST
@require(DECIDE)
def reject(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Reject one request and return to its page."""
    return _decide(request, pk, services.reject)


def _decide(request: HttpRequest, pk: UUID, decide: Callable[..., ApprovalRequest]) -> HttpResponse:
    approval = get_object_or_404(queries.visible(request), pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        context = {"approval": approval, "form": form}
        return render(request, "approvals/detail.html", context)
    try:
        decided = decide(approval=approval, by=request.user, **form.cleaned_data)
    except ProblemError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"“{decided}” is {decided.get_status_display().lower()}.")
    return redirect("approvals:detail", pk=pk)

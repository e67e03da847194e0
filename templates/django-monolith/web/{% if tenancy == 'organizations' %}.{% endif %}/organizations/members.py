"""The pages for managers of an organization: its members and its invitations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from chassis.django.people.impersonation import blocked
from chassis.django.people.roles import require
from chassis.problems import ProblemError
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from web.accounts.models import User
from web.organizations import services
from web.organizations.forms import InvitationForm, RoleForm
from web.organizations.models import Invitation, Membership, Organization
from web.organizations.permissions import MANAGE
from web.tenancy import current_tenant

PAGE_SIZE = 50


@require_safe
@require(MANAGE)
def member_list(request: HttpRequest) -> HttpResponse:
    """List the members and the invitations of the selected organization."""
    tenant = current_tenant(request)
    members = Membership.objects.for_tenant(tenant)
    context = {
        "organization": Organization.objects.get(pk=tenant),
        "page": Paginator(members, PAGE_SIZE).get_page(request.GET.get("page")),
        "invitations": Invitation.objects.for_tenant(tenant),
    }
    return render(request, "organizations/members.html", context)


@blocked
@require_http_methods(["GET", "HEAD", "POST"])
@require(MANAGE)
def member(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a member, or change their role."""
    membership = _member(request, pk)
    form = RoleForm(
        request.POST or None,
        initial={"role": membership.role},
        by=_person(request),
        tenant=current_tenant(request),
    )
    if request.method != "POST" or not form.is_valid():
        return render(request, "organizations/member.html", {"member": membership, "form": form})
    with _explained(request):
        changed = services.change_role(
            membership=membership, by=_person(request), **form.cleaned_data
        )
        messages.success(request, f"{changed.user} now has the role {changed.get_role_display()}.")
        return redirect("organizations:members")
    return redirect("organizations:member", pk=pk)


@blocked
@require_POST
@require(MANAGE)
def remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remove a member."""
    membership = _member(request, pk)
    with _explained(request):
        services.remove(membership=membership, by=_person(request))
        messages.success(request, f"{membership.user} is no longer a member.")
        # a person who removed themselves may no longer open the page of the members
        is_self = membership.user_id == _person(request).pk
        return redirect("organizations:list" if is_self else "organizations:members")
    return redirect("organizations:member", pk=pk)


@blocked
@require_http_methods(["GET", "HEAD", "POST"])
@require(MANAGE)
def invite(request: HttpRequest) -> HttpResponse:
    """Show the form of an invitation, or send the invitation."""
    form = InvitationForm(request.POST or None, by=_person(request), tenant=current_tenant(request))
    if request.method == "POST" and form.is_valid():
        try:
            services.invite(
                tenant=current_tenant(request),
                by=_person(request),
                link=_link(request),
                **form.cleaned_data,
            )
        except ProblemError as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"An invitation was sent to {form.cleaned_data['email']}.")
            return redirect("organizations:members")
    return render(request, "organizations/invite.html", {"form": form})


@blocked
@require_POST
@require(MANAGE)
def resend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send an invitation again."""
    invitation = _invitation(request, pk)
    with _explained(request):
        services.resend(invitation=invitation, by=_person(request), link=_link(request))
        messages.success(
            request, f"A new link was sent to {invitation.email}. The old link no longer works."
        )
    return redirect("organizations:members")


@blocked
@require_POST
@require(MANAGE)
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = _invitation(request, pk)
    with _explained(request):
        services.withdraw(invitation=invitation, by=_person(request))
        messages.success(request, f"The invitation to {invitation.email} was withdrawn.")
    return redirect("organizations:members")


@contextmanager
def _explained(request: HttpRequest) -> Iterator[None]:
    """Show the reason of a refusal on the next page."""
    try:
        yield
    except ProblemError as refusal:
        messages.error(request, str(refusal))


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _member(request: HttpRequest, pk: UUID) -> Membership:
    return get_object_or_404(Membership.objects.for_tenant(current_tenant(request)), pk=pk)


def _invitation(request: HttpRequest, pk: UUID) -> Invitation:
    return get_object_or_404(Invitation.objects.for_tenant(current_tenant(request)), pk=pk)


def _link(request: HttpRequest) -> services.Link:
    return lambda token: request.build_absolute_uri(reverse("organizations:join", args=[token]))

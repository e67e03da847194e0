"""The pages to select an organization."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from web import tenancy
from web.accounts.models import User
from web.organizations.models import Organization


def organization_list(request: HttpRequest) -> HttpResponse:
    """List the organizations of a person and mark the selected one."""
    user = cast(User, request.user)
    active = tenancy.current_tenant(request)
    context = {"organizations": Organization.objects.for_user(user), "active": active}
    return render(request, "organizations/list.html", context)


@require_POST
def switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Select another organization for this session. Return 404 if the person is not a member."""
    organization = get_object_or_404(Organization.objects.for_user(cast(User, request.user)), pk=pk)
    tenancy.choose(request, organization)
    messages.success(request, f"You now work with {organization}.")
    return redirect("organizations:list")

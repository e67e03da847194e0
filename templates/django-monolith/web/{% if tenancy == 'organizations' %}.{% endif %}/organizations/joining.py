"""The page of an invitation's link, for people with and without an account.

A GET changes nothing, because mail programs open links to check them.
"""

from chassis.django.people import invitations
from chassis.django.people.impersonation import blocked
from chassis.problems import ProblemError
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from web import tenancy
from web.accounts.models import User
from web.organizations import services
from web.organizations.models import Invitation

NOT_FOUND = 404


@blocked
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation, and let the invited person accept it."""
    key = invitations.digest(token)
    invitation = Invitation.objects.open().filter(token_hash=key).first()
    if invitation is None:
        return render(request, "organizations/join.html", status=NOT_FOUND)
    if not request.user.is_authenticated:
        invitations.hold(request, key)
        known = invitations.has_account(invitation.email)
        return render(request, "organizations/join.html", {"it": invitation, "has_account": known})
    person = request.user
    if request.method == "POST" and accept(request, person, key):
        return redirect("home")
    context = {
        "it": invitation,
        "is_meant": invitations.owns(person, invitation.email),
        "is_member": invitation.organization.memberships.filter(user=person).exists(),
    }
    return render(request, "organizations/join.html", context)


def accept(request: HttpRequest, person: User, key: str) -> bool:
    """Add a person to the organization and select it in this session.

    Return whether that worked; if not, the next page shows the reason.
    """
    try:
        membership = services.join(key=key, by=person)
    except ProblemError as refusal:
        messages.error(request, str(refusal))
        return False
    tenancy.choose(request, membership.organization)
    messages.success(request, f"You are now a member of {membership.organization}.")
    return True

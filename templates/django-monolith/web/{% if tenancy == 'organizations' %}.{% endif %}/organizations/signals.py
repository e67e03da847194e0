"""Changes of memberships outside our pages: at a sign-up and in the back office."""

from typing import Any

from allauth.account.signals import user_signed_up
from chassis.django.audit.rows import watch
from chassis.django.people import invitations
from django.dispatch import receiver
from django.http import HttpRequest

from web.accounts.models import User
from web.organizations import joining
from web.organizations.models import Membership

watch(Membership, "organization_id", "user_id", "role", about="user")


@receiver(user_signed_up)
def join_by_invitation(request: HttpRequest, user: User, **_: Any) -> None:
    """Add a person who signed up through an invitation's link."""
    if key := invitations.release(request):
        joining.accept(request, user, key)

"""The writes about members and invitations. `by` is the person who acts."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from chassis.django.audit.trail import record
from chassis.django.people import invitations
from chassis.django.people.roles import denied, has_permission, may_grant
from chassis.problems import ProblemError
from django.db import transaction
from django.utils import timezone

from web.accounts.models import User
from web.accounts.roles import ROLES
from web.organizations import mails
from web.organizations.models import Invitation, Membership, Organization
from web.organizations.permissions import MANAGE

MANAGING = {role for role, names in ROLES.items() if MANAGE in names}
MOST_INVITATIONS = 100  # for one organization: open at a time, and sent within an hour
HOUR = timedelta(hours=1)
PAUSE = timedelta(minutes=1)  # between two emails to one address

_GONE = ProblemError(
    HTTPStatus.GONE, "invitation-gone", "This invitation is no longer valid: ask for a new one."
)

type Link = Callable[[str], str]  # returns the URL of the page that accepts a token


@transaction.atomic(durable=True)
def change_role(*, membership: Membership, role: str, by: User) -> Membership:
    """Change the role of a member and return the membership as stored.

    Raises a problem 403 for a role above that of `by`, and 409 if no manager would be left.
    """
    current = _locked(membership)
    _check_rank(by, current.organization, current.role, role)
    if role not in MANAGING:
        _keep_a_manager(current)
    current.role = role
    current.clean_fields()
    current.save(update_fields=["role"])
    return current


@transaction.atomic(durable=True)
def remove(*, membership: Membership, by: User) -> None:
    """End a membership. Raises the same problems as `change_role`."""
    current = _locked(membership)
    _check_rank(by, current.organization, current.role)
    _keep_a_manager(current)
    current.delete()


@transaction.atomic(durable=True)
def invite(*, tenant: UUID, email: str, role: str, by: User, link: Link) -> None:
    """Send an invitation by email.

    Raises a problem 403 for a role above that of `by`, and 409 for a member, an address that is
    already invited, or too many invitations.
    """
    here = _lock(tenant)
    _check_rank(by, here, role)
    waiting = Invitation.objects.for_tenant(here.pk)
    if here.has_member(email):
        raise _conflict(f"{email} is already a member of {here}.")
    if waiting.filter(email__iexact=email).exists():
        raise _conflict(f"{email} is already invited: resend that invitation.")
    if waiting.count() >= MOST_INVITATIONS:
        raise _conflict(f"{MOST_INVITATIONS} invitations are open: withdraw some first.")
    invitation = Invitation(organization=here, email=email.lower(), role=role)
    _send(invitation, by=by, link=link)
    record("invitation.sent", actor=by, subject=invitation, after=_facts(invitation))


@transaction.atomic(durable=True)
def resend(*, invitation: Invitation, by: User, link: Link) -> None:
    """Send an invitation again, valid for another week. The old link stops working."""
    here = _lock(invitation.organization_id)
    current = _still_there(invitation)
    _check_rank(by, here, current.role)
    before = _facts(current)
    _send(current, by=by, link=link)
    record("invitation.resent", actor=by, subject=current, before=before, after=_facts(current))


@transaction.atomic(durable=True)
def withdraw(*, invitation: Invitation, by: User) -> None:
    """Withdraw an invitation. Its link stops working."""
    here = _lock(invitation.organization_id)
    current = _still_there(invitation)
    _check_rank(by, here, current.role)
    record("invitation.withdrawn", actor=by, subject=current, before=_facts(current))
    current.delete()


@transaction.atomic(durable=True)
def join(*, key: str, by: User) -> Membership:
    """Accept the invitation whose token has the hash `key`. A member keeps their role.

    Raises a problem 410 for an invalid link, and 403 for the link of another person.
    """
    matching = Invitation.objects.open().filter(token_hash=key).select_related("invited_by")
    if invitation := matching.first():
        _lock(invitation.organization_id)
    current = matching.all().first()  # queried again under the lock: an invitation works only once
    if not current or _obstacle(current.invited_by, current.organization, current.role):
        raise _GONE
    if not invitations.owns(by, current.email):
        raise _refusal(f"This invitation is for {current.email}.")
    record("invitation.accepted", actor=by, subject=current, before=_facts(current))
    membership = current.organization.admit(by, role=current.role)
    current.delete()
    return membership


def _lock(tenant: UUID) -> Organization:
    # One write about an organization's people at a time: two valid writes can be invalid together.
    # For example, two managers who remove each other.
    return Organization.objects.select_for_update().get(pk=tenant)


def _locked(membership: Membership) -> Membership:
    _lock(membership.organization_id)
    current = Membership.objects.for_tenant(membership.organization_id).filter(pk=membership.pk)
    if not (locked := current.select_related("organization", "user").first()):
        raise _conflict(f"{membership.user} is no longer a member.")
    return locked


def _still_there(invitation: Invitation) -> Invitation:
    if not (current := Invitation.objects.filter(pk=invitation.pk).first()):
        raise _conflict(f"The invitation to {invitation.email} was already accepted or withdrawn.")
    return current


def _obstacle(by: User, organization: Organization, *roles: str) -> ProblemError | None:
    if not has_permission(by, MANAGE, tenant=organization.pk):
        return denied(MANAGE)
    above = [role for role in roles if not may_grant(by, role, tenant=organization.pk)]
    return _refusal(f"The role {above[0]} is above your own.") if above else None


def _check_rank(by: User, organization: Organization, *roles: str) -> None:
    if obstacle := _obstacle(by, organization, *roles):
        raise obstacle


def _keep_a_manager(leaving: Membership) -> None:
    others = leaving.organization.memberships.exclude(pk=leaving.pk)
    if not others.filter(user__is_active=True, role__in=MANAGING).exists():
        raise _conflict(
            f"{leaving.organization} would have no manager left: give another member that role "
            "first."
        )


def _send(invitation: Invitation, *, by: User, link: Link) -> None:
    if invitations.is_too_often(f"to {invitation.email}", most=1, within=PAUSE):
        raise _conflict(f"An email was sent to {invitation.email} a moment ago: wait a minute.")
    here = invitation.organization_id
    if invitations.is_too_often(f"from {here}", most=MOST_INVITATIONS, within=HOUR):
        raise _conflict(f"{MOST_INVITATIONS} invitations were sent within an hour: try later.")
    token = invitations.new_token()
    invitation.token_hash = invitations.digest(token)
    invitation.invited_by = by
    invitation.sent_at = timezone.now()
    invitation.expires_at = invitations.expiry()
    invitation.full_clean()
    invitation.save()
    mails.invite(invitation, link(token))


def _facts(invitation: Invitation) -> dict[str, Any]:
    return {
        "organization": invitation.organization_id,
        "role": invitation.role,
        "expires_at": invitation.expires_at,
    }


def _refusal(sentence: str) -> ProblemError:
    return ProblemError(HTTPStatus.FORBIDDEN, "permission-denied", sentence)


def _conflict(sentence: str) -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, "membership", sentence)

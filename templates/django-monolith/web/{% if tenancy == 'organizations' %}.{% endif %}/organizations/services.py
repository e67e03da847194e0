"""The writes about members and invitations: each says with `by` who is responsible."""

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
MOST_INVITATIONS = 100  # of one organisation, waiting or sent within an hour
HOUR = timedelta(hours=1)
PAUSE = timedelta(minutes=1)  # between two mails to one address

_GONE = ProblemError(
    HTTPStatus.GONE, "invitation-gone", "This invitation is not good any more: ask for another."
)

type Link = Callable[[str], str]  # from a token to the address of the page that takes it


@transaction.atomic(durable=True)
def change_role(*, membership: Membership, role: str, by: User) -> Membership:
    """Give a member another role, and give the membership as stored.

    Problems: 403 for a role above that of `by`, 409 when nobody could manage any more.
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
    """End a membership; refused in the same cases as `change_role`."""
    current = _locked(membership)
    _check_rank(by, current.organization, current.role)
    _keep_a_manager(current)
    current.delete()


@transaction.atomic(durable=True)
def invite(*, tenant: UUID, email: str, role: str, by: User, link: Link) -> None:
    """Ask somebody by mail to join. Problems: 403 as above, 409 for an address that needs none."""
    here = _lock(tenant)
    _check_rank(by, here, role)
    waiting = Invitation.objects.for_tenant(here.pk)
    if here.has_member(email):
        raise _conflict(f"{email} belongs to {here} already.")
    if waiting.filter(email__iexact=email).exists():
        raise _conflict(f"{email} is invited already: send that invitation again.")
    if waiting.count() >= MOST_INVITATIONS:
        raise _conflict(f"{MOST_INVITATIONS} invitations are waiting: withdraw some first.")
    invitation = Invitation(organization=here, email=email.lower(), role=role)
    _send(invitation, by=by, link=link)
    record("invitation.sent", actor=by, subject=invitation, after=_facts(invitation))


@transaction.atomic(durable=True)
def resend(*, invitation: Invitation, by: User, link: Link) -> None:
    """Send an invitation anew, for another week; the link that was sent before is dead."""
    here = _lock(invitation.organization_id)
    current = _still_there(invitation)
    _check_rank(by, here, current.role)
    before = _facts(current)
    _send(current, by=by, link=link)
    record("invitation.resent", actor=by, subject=current, before=before, after=_facts(current))


@transaction.atomic(durable=True)
def withdraw(*, invitation: Invitation, by: User) -> None:
    """Take an invitation back: its link is dead."""
    here = _lock(invitation.organization_id)
    current = _still_there(invitation)
    _check_rank(by, here, current.role)
    record("invitation.withdrawn", actor=by, subject=current, before=_facts(current))
    current.delete()


@transaction.atomic(durable=True)
def join(*, key: str, by: User) -> Membership:
    """Make a person a member by the hash of their link's token, once; a member stays as they are.

    Problems: 410 for a link that is not good any more, 403 for one that is somebody else's.
    """
    found = Invitation.objects.open().filter(token_hash=key).select_related("invited_by")
    if invitation := found.first():
        _lock(invitation.organization_id)
    current = found.all().first()  # of two who press the button the second finds none
    if not current or _obstacle(current.invited_by, current.organization, current.role):
        raise _GONE
    if not invitations.owns(by, current.email):
        raise _refusal(f"This invitation is for {current.email}.")
    record("invitation.accepted", actor=by, subject=current, before=_facts(current))
    membership = current.organization.admit(by, role=current.role)
    current.delete()
    return membership


def _lock(tenant: UUID) -> Organization:
    # one write about an organisation's people at a time: two that look right may be wrong together
    return Organization.objects.select_for_update().get(pk=tenant)


def _locked(membership: Membership) -> Membership:
    _lock(membership.organization_id)
    current = Membership.objects.for_tenant(membership.organization_id).filter(pk=membership.pk)
    if not (found := current.select_related("organization", "user").first()):
        raise _conflict(f"{membership.user} is no member any more.")
    return found


def _still_there(invitation: Invitation) -> Invitation:
    if not (found := Invitation.objects.filter(pk=invitation.pk).first()):
        raise _conflict(f"The invitation of {invitation.email} was taken or withdrawn meanwhile.")
    return found


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
            f"{leaving.organization} would have nobody left who may manage it: give somebody else "
            "that role first."
        )


def _send(invitation: Invitation, *, by: User, link: Link) -> None:
    if invitations.is_too_often(f"to {invitation.email}", most=1, within=PAUSE):
        raise _conflict(f"{invitation.email} was written to a moment ago: wait a minute.")
    here = invitation.organization_id
    if invitations.is_too_often(f"from {here}", most=MOST_INVITATIONS, within=HOUR):
        raise _conflict(f"{MOST_INVITATIONS} invitations were sent within an hour: wait for that.")
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

"""Whose data a request sees: that of the organisation its person has chosen.

A role is held in an organisation. The back office shows all of them to those who run the service,
and goes by their groups; what they do there to a row still needs a role where the row belongs.
"""

from collections.abc import Iterable, Set
from typing import cast
from uuid import UUID

from chassis.django.api import tokens
from django.db.models import QuerySet
from django.http import HttpRequest

from web.accounts.models import User
from web.organizations.models import Invitation, Membership, Organization

SESSION_KEY = "organization"
_FOUND = "web.tenant"
ONLY_TENANT: UUID | None = None  # software that asks for a token has to belong to an organisation


def current_tenant(request: HttpRequest) -> UUID:
    """Give the chosen organisation; a choice that is no longer theirs falls back to their first."""
    if _FOUND not in request.META:  # asked for by the page, its permission and the menu
        request.META[_FOUND] = _current(request)
    return cast(UUID, request.META[_FOUND])


def tenant_of(user: User) -> UUID:
    """Give the organisation that a token for this person carries: the one they joined first."""
    return Organization.objects.home_of(user).pk


def tenants_of(user: User) -> dict[UUID, str]:
    """Give the names of all organisations that a person belongs to, by their keys."""
    return {
        organization.pk: organization.name for organization in Organization.objects.for_user(user)
    }


def choose(request: HttpRequest, organization: Organization) -> None:
    """Remember a choice for the rest of the session."""
    request.session[SESSION_KEY] = str(organization.pk)
    request.META.pop(_FOUND, None)


def roles_of(user: User, tenant: UUID) -> Set[str]:
    """Give the role of a person's membership; somebody who is no member has none."""
    return set(
        Membership.objects.filter(user=user, organization=tenant).values_list("role", flat=True)
    )


def people_with(role: str, tenant: UUID) -> QuerySet[User]:
    """Give the active members who have a role."""
    return User.objects.filter(
        is_active=True, memberships__role=role, memberships__organization=tenant
    )


def assign(role: str, *, to: User, tenant: UUID) -> None:
    """Make a person a member with a role, in place of the one they had."""
    Membership.objects.update_or_create(organization_id=tenant, user=to, defaults={"role": role})


def invited(key: str) -> str | None:
    """Give the address whose open invitation has a token with this hash."""
    found = Invitation.objects.open().filter(token_hash=key).first()
    return found.email if found else None


def settle(name: str, people: Iterable[User], *, tenant: UUID | None = None) -> UUID:
    """Put people into the organisation of that key, else of that name, and give its key.

    It is created if need be.
    """
    known = {"pk": tenant} if tenant else {"name": name}
    organization, _ = Organization.objects.get_or_create(**known, defaults={"name": name})
    for person in people:
        organization.admit(person)
    return organization.pk


def _current(request: HttpRequest) -> UUID:
    if tenant := tokens.tenant_of(request):
        return tenant
    user = cast(User, request.user)
    chosen = request.session.get(SESSION_KEY)
    if chosen and Organization.objects.for_user(user).filter(pk=chosen).exists():
        return UUID(chosen)
    return tenant_of(user)

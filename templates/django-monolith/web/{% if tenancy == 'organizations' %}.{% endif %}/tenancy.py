"""The tenant of a request: the organization that the person selected.

A person has a role in each organization. The back office shows all organizations to staff and
checks their groups. To change a row there, staff also need a role in the row's organization.
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
ONLY_TENANT: UUID | None = None  # a client must belong to an organization to get a token


def current_tenant(request: HttpRequest) -> UUID:
    """Return the selected organization. A person who left it gets the one they joined first."""
    if _FOUND not in request.META:  # kept, as the page, its permission and the menu need it
        request.META[_FOUND] = _current(request)
    return cast(UUID, request.META[_FOUND])


def tenant_of(user: User) -> UUID:
    """Return the organization in a token for this person: the one they joined first."""
    return Organization.objects.home_of(user).pk


def tenants_of(user: User) -> dict[UUID, str]:
    """Return the names of all organizations of a person, by their keys."""
    return {
        organization.pk: organization.name for organization in Organization.objects.for_user(user)
    }


def choose(request: HttpRequest, organization: Organization) -> None:
    """Select an organization for the rest of the session."""
    request.session[SESSION_KEY] = str(organization.pk)
    request.META.pop(_FOUND, None)


def roles_of(user: User, tenant: UUID) -> Set[str]:
    """Return the role of a member as a set. It is empty for a person who is not a member."""
    return set(
        Membership.objects.filter(user=user, organization=tenant).values_list("role", flat=True)
    )


def people_with(role: str, tenant: UUID) -> QuerySet[User]:
    """Return the active members who have a role."""
    return User.objects.filter(
        is_active=True, memberships__role=role, memberships__organization=tenant
    )


def assign(role: str, *, to: User, tenant: UUID) -> None:
    """Give a person a role in an organization. It replaces the role they had."""
    Membership.objects.update_or_create(organization_id=tenant, user=to, defaults={"role": role})


def invited(key: str) -> str | None:
    """Return the address of the open invitation whose token has this hash, or None."""
    invitation = Invitation.objects.open().filter(token_hash=key).first()
    return invitation.email if invitation else None


def settle(name: str, people: Iterable[User], *, tenant: UUID | None = None) -> UUID:
    """Put people into the organization of that key, else of that name, and give its key.

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

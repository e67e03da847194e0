"""Whose data a request sees. One company uses this service, so everything has the same tenant.

Every table has a `tenant_id` all the same: a service that is sold to a second company then
changes this file, and no table.
"""

from collections.abc import Iterable, Set
from uuid import UUID

from chassis.auth import SINGLE_TENANT
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from web.accounts.models import User
from web.accounts.roles import MEMBER

ONLY_TENANT: UUID | None = SINGLE_TENANT  # whose data software sees that asks for a token


def current_tenant(request: HttpRequest) -> UUID:
    """Give the tenant of a signed-in request."""
    return SINGLE_TENANT


def tenant_of(user: User) -> UUID:
    """Give the tenant that a token for this person carries."""
    return SINGLE_TENANT


def tenants_of(user: User) -> dict[UUID, str]:
    """Give the tenants that a person belongs to, with a name for each."""
    return {SINGLE_TENANT: "everything"}


def roles_of(user: User, tenant: UUID) -> Set[str]:
    """Give a person's roles: the names of their groups, and membership for everybody."""
    return {MEMBER, *user.groups.values_list("name", flat=True)}


def people_with(role: str, tenant: UUID) -> QuerySet[User]:
    """Give the active people who have a role."""
    return User.objects.filter(is_active=True, groups__name=role)


def assign(role: str, *, to: User, tenant: UUID) -> None:
    """Give a person a role besides those they have."""
    to.groups.add(Group.objects.get(name=role))


def settle(name: str, people: Iterable[User], *, tenant: UUID | None = None) -> UUID:
    """Put people into one tenant and give it; here they are there already."""
    return tenant or SINGLE_TENANT


def invited(key: str) -> str | None:
    """Give the address that a link invites: of nobody, people are made in the back office."""
    return None

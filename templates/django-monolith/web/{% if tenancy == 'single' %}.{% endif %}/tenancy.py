"""The tenant of a request. One company uses this service, so all data has the same tenant.

Every table still has a `tenant_id`. To sell the service to a second company, you change this
file and no table.
"""

from collections.abc import Iterable, Set
from uuid import UUID

from chassis.auth import SINGLE_TENANT
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from web.accounts.models import User
from web.accounts.roles import MEMBER

ONLY_TENANT: UUID | None = SINGLE_TENANT  # the tenant in a client's token


def current_tenant(request: HttpRequest) -> UUID:
    """Return the tenant of a signed-in request."""
    return SINGLE_TENANT


def tenant_of(user: User) -> UUID:
    """Return the tenant in a token for this person."""
    return SINGLE_TENANT


def tenants_of(user: User) -> dict[UUID, str]:
    """Return the names of all tenants of a person, by their keys."""
    return {SINGLE_TENANT: "everything"}


def roles_of(user: User, tenant: UUID) -> Set[str]:
    """Return a person's roles: the names of their groups, and `MEMBER` for every person."""
    return {MEMBER, *user.groups.values_list("name", flat=True)}


def people_with(role: str, tenant: UUID) -> QuerySet[User]:
    """Return the active people who have a role."""
    return User.objects.filter(is_active=True, groups__name=role)


def assign(role: str, *, to: User, tenant: UUID) -> None:
    """Give a person an additional role."""
    to.groups.add(Group.objects.get(name=role))


def settle(name: str, people: Iterable[User], *, tenant: UUID | None = None) -> UUID:
    """Add people to the tenant and return it. Here they already belong to it."""
    return tenant or SINGLE_TENANT


def invited(key: str) -> str | None:
    """Return the invited address of a link: always None, as staff create people here."""
    return None

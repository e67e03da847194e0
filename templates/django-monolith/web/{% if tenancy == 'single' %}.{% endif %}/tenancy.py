"""Whose data a request sees. One company uses this service, so everything has the same tenant.

Every table has a `tenant_id` all the same: a service that is sold to a second company then
changes this file, and no table.
"""

from collections.abc import Iterable
from uuid import UUID

from chassis.auth import SINGLE_TENANT
from django.http import HttpRequest

from web.accounts.models import User

ONLY_TENANT: UUID | None = SINGLE_TENANT  # whose data software sees that asks for a token


def current_tenant(request: HttpRequest) -> UUID:
    """Give the tenant of a signed-in request."""
    return SINGLE_TENANT


def tenant_of(user: User) -> UUID:
    """Give the tenant that a token for this person carries."""
    return SINGLE_TENANT


def settle(name: str, people: Iterable[User]) -> UUID:
    """Put people into one tenant and give it; here they are there already."""
    return SINGLE_TENANT

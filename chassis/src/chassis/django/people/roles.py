"""Roles as code: one matrix maps roles to permissions, and each request is checked for one.

A permission is named as in the FastAPI half, `<area>:<action>`: `approvals:decide`. Where the area
is a Django app, it is the same as Django's own `approvals.decide`, so that the matrix decides about
the back office too: `manage.py migrate` gives each role a group with exactly these permissions.

`web/settings.py` names the service's own parts: `ROLES` is the path of the matrix, `ROLES_OF` the
path of a function that returns the roles of a person in a tenant, `CURRENT_TENANT` the path of one
that returns the tenant of a request. A superuser has every permission.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from http import HTTPStatus
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from chassis.problems import ProblemError

if TYPE_CHECKING:  # apps.py of an app may import this, before there are models
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

type Matrix = dict[str, frozenset[str]]
type Person = AbstractBaseUser | AnonymousUser

NOT_FOR_OTHERS = ProblemError(
    HTTPStatus.FORBIDDEN,
    "impersonation",
    "This is not possible while you act for a customer: stop that first.",
)
"""The refusal of an action that is not allowed during impersonation."""


def matrix(roles: Mapping[str, Collection[str]], modules: Iterable[ModuleType] = ()) -> Matrix:
    """Return the matrix: the roles, and the `GRANTS` that the apps' `permissions.py` add to them.

    Raises ValueError when an app grants something to a role that is not in `roles`.
    """
    made = {role: frozenset(names) for role, names in roles.items()}
    for module in modules:
        for role, names in module.GRANTS.items():
            if role not in made:
                raise ValueError(
                    f"{module.__name__} grants to the role {role!r}, which web/accounts/roles.py "
                    f"does not have: it has {', '.join(made)}."
                )
            made[role] |= frozenset(names)
    return made


def permissions(roles: Iterable[str]) -> frozenset[str]:
    """Return the permissions of these roles together; an unknown role has none."""
    known: Matrix = import_string(settings.ROLES)
    return frozenset().union(*(known.get(role, frozenset()) for role in roles))


def roles_of(user: Person, tenant: UUID) -> frozenset[str]:
    """Return a person's roles in a tenant; they are read once, like Django's permissions."""
    if not (user.is_authenticated and user.is_active):
        return frozenset()
    held: dict[UUID, frozenset[str]] = user.__dict__.setdefault("_roles", {})
    if tenant not in held:
        held[tenant] = frozenset(import_string(settings.ROLES_OF)(user, tenant))
    return held[tenant]


def limit(user: Person, to: frozenset[str]) -> None:
    """Restrict this object of a person to the permissions of a token."""
    user.__dict__["_limited_to"] = to


def has_permission(user: Person, name: str, *, tenant: UUID) -> bool:
    """Return whether a person has a permission in a tenant."""
    if name not in user.__dict__.get("_limited_to", (name,)):
        return False
    if user.is_active and getattr(user, "is_superuser", False):
        return True
    return name in permissions(roles_of(user, tenant))


def may_grant(user: Person, role: str, *, tenant: UUID) -> bool:
    """Return whether a person may grant or revoke a role.

    The role must not have a permission that the person lacks.
    """
    if user.is_active and getattr(user, "is_superuser", False):
        return True
    return permissions([role]) <= permissions(roles_of(user, tenant))


def held(user: Person, *, tenant: UUID) -> list[str]:
    """Return all permissions of a person in a tenant."""
    known = permissions(import_string(settings.ROLES))
    return sorted(name for name in known if has_permission(user, name, tenant=tenant))


def may(request: HttpRequest, name: str) -> bool:
    """Return whether the person of a request has a permission in the tenant of the request."""
    if not request.user.is_authenticated:
        return False
    tenant: UUID = import_string(settings.CURRENT_TENANT)(request)
    return has_permission(request.user, name, tenant=tenant)


def check(request: HttpRequest, name: str) -> None:
    """Raise the problem 403 unless `may`, and for an export during impersonation."""
    if not may(request, name):
        raise denied(name)
    # the views of API frameworks do not say what their operations want
    if is_export(name) and getattr(request, "impersonator", None) is not None:
        raise NOT_FOR_OTHERS


def is_export(name: str) -> bool:
    """Return whether the name of a permission says that it exports data."""
    return name.endswith(":export")


def denied(name: str) -> ProblemError:
    """Return the refusal, which names the permission, so that people know what to ask for."""
    return ProblemError(
        HTTPStatus.FORBIDDEN, "permission-denied", f"You need the permission {name} for this."
    )


def require[View: Callable[..., Any]](name: str) -> Callable[[View], View]:
    """Let a view, or an operation of Ninja, run only for a person who has a permission."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            check(request, name)
            return view(request, *args, **kwargs)

        guarded.permission = name  # type: ignore[attr-defined]  # read by code that walks the routes
        return guarded  # type: ignore[return-value]  # the same signature, by `wraps`

    return decorate

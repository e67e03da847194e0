"""Roles and permissions: the code defines them, and the database follows."""

from collections.abc import Callable
from types import ModuleType

import pytest
from chassis.django.people import groups
from chassis.django.people.roles import has_permission, matrix
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command

from web.accounts.models import User
from web.accounts.roles import MANAGER, REVIEWER, ROLES
from web.tenancy import assign, people_with, settle


@pytest.mark.django_db
def test_database_is_in_step_with_the_matrix() -> None:
    """After `migrate` each role is a group with exactly its permissions."""
    assert groups.differences() == []
    assert set(Group.objects.values_list("name", flat=True)) >= set(ROLES)


@pytest.mark.django_db
def test_group_that_was_edited_is_found_and_mended() -> None:
    """A permission that was added to a role's group by hand is reported, and removed."""
    Group.objects.get(name=REVIEWER).permissions.add(Permission.objects.first())  # type: ignore[arg-type]
    with pytest.raises(CommandError, match="'reviewer' does not hold what its role says"):
        call_command("sync_roles", check=True)
    call_command("sync_roles")
    call_command("sync_roles", check=True)


def test_role_is_held_in_its_tenant(mia: User, make_user: Callable[..., User]) -> None:
    """`people_with` returns only the people who have the role."""
    noor = make_user("noor")
    tenant = settle("Harbour", [mia, noor])
    assign(REVIEWER, to=mia, tenant=tenant)
    assert list(people_with(REVIEWER, tenant)) == [mia]


def test_switched_off_person_may_do_nothing(mia: User) -> None:
    """A deactivated account has no permissions, not even a superuser's."""
    tenant = settle("Harbour", [mia])
    assign(MANAGER, to=mia, tenant=tenant)
    mia.is_active, mia.is_superuser = False, True
    assert not has_permission(mia, "area:action", tenant=tenant)
    mia.is_active = True
    assert has_permission(mia, "area:action", tenant=tenant)


def test_grant_to_an_unknown_role_is_a_mistake() -> None:
    """The service does not start with a misspelled role, and names it."""
    module = ModuleType("web.shop.permissions")
    module.GRANTS = {"manger": {"shop:sell"}}  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"web\.shop\.permissions grants to the role 'manger'"):
        matrix({MANAGER: ()}, [module])

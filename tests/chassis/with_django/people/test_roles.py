"""Roles as code: the matrix decides, the database follows, and a mistake in it is named."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from chassis.django.people import groups, roles
from chassis.problems import ProblemError

TENANT = UUID(int=7)
ROLES = {
    "clerk": frozenset({"auth:view_user"}),
    "boss": frozenset({"auth:view_user", "auth:change_user", "endpoints:write"}),
}


def roles_of(user: User, tenant: object) -> set[str]:
    """Roles as the tests hold them: in the last name."""
    return {user.last_name}


def current_tenant(_: HttpRequest) -> object:
    """Everybody's tenant."""
    return TENANT


@roles.require("auth:change_user")
def change(_: HttpRequest) -> HttpResponse:
    """A page for bosses."""
    return HttpResponse("changed")


@pytest.fixture(autouse=True)
def service_roles(settings: Any) -> None:
    """Settings as a service has them."""
    settings.ROLES = f"{__name__}.ROLES"
    settings.ROLES_OF = f"{__name__}.roles_of"
    settings.CURRENT_TENANT = f"{__name__}.current_tenant"


def asked_by(user: User | AnonymousUser) -> HttpRequest:
    """Give a request of somebody."""
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_permission_comes_from_the_role() -> None:
    """A view runs for a role that holds its permission, and names it to the others."""
    assert change(asked_by(User(last_name="boss"))).content == b"changed"
    with pytest.raises(ProblemError, match="You need the permission auth:change_user") as refusal:
        change(asked_by(User(last_name="clerk")))
    assert refusal.value.status == 403


def test_nobody_takes_data_out_in_anothers_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation of an API that exports is refused to whoever acts for the person."""
    monkeypatch.setitem(ROLES, "boss", frozenset({"orders:read", "orders:export"}))
    request = asked_by(User(last_name="boss"))
    roles.check(request, "orders:export")
    request.impersonator = User()  # type: ignore[attr-defined]
    roles.check(request, "orders:read")
    with pytest.raises(ProblemError, match="while you act for a customer"):
        roles.check(request, "orders:export")


@pytest.mark.parametrize(
    "user",
    [AnonymousUser(), User(last_name="boss", is_active=False), User(last_name="gone")],
)
def test_nobody_without_a_living_role_gets_in(user: User | AnonymousUser) -> None:
    """Visitors, people who were switched off and roles that are no more hold nothing."""
    assert not roles.may(asked_by(user), "auth:change_user")


def test_app_adds_to_the_roles() -> None:
    """GRANTS of an app join the matrix; one to a role that is not there is a mistake."""
    shop = ModuleType("web.shop.permissions")
    shop.GRANTS = {"clerk": {"shop:sell"}}  # type: ignore[attr-defined]
    assert roles.matrix({"clerk": ("a:b",)}, [shop]) == {"clerk": {"a:b", "shop:sell"}}
    with pytest.raises(ValueError, match="grants to the role 'clerk'"):
        roles.matrix({"boss": ()}, [shop])


@pytest.mark.django_db
def test_groups_follow_the_matrix() -> None:
    """Each role becomes a group; what another half's permission is stays out of it."""
    assert groups.sync() == [
        "clerk: 1 permissions added, 0 taken away",
        "boss: 2 permissions added, 0 taken away",
    ]
    assert groups.sync() == groups.differences() == []
    boss = Group.objects.get(name="boss")
    held = set(boss.permissions.values_list("codename", flat=True))
    assert held == {"view_user", "change_user"}


@pytest.mark.django_db
def test_group_that_was_edited_by_hand_is_put_right() -> None:
    """`sync_roles --check` names the group; `sync_roles` takes away what the role has not."""
    groups.sync()
    clerk, boss = Group.objects.get(name="clerk"), Group.objects.get(name="boss")
    clerk.permissions.add(*boss.permissions.all())
    with pytest.raises(CommandError, match="'clerk' does not hold what its role says"):
        call_command("sync_roles", check=True)
    call_command("sync_roles")
    call_command("sync_roles", check=True)


@pytest.mark.django_db
def test_misspelled_permission_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission that no model declares stops the command with what to do."""
    monkeypatch.setitem(ROLES, "clerk", frozenset({"auth:view_usr"}))
    with pytest.raises(CommandError, match="No model declares auth:view_usr"):
        call_command("sync_roles")


def test_nobody_gives_a_role_above_their_own() -> None:
    """What a role may do has to be a part of what its giver may do; a superuser gives any."""
    boss, clerk = User(last_name="boss"), User(last_name="clerk")
    root = User(is_superuser=True)
    given = {
        (who, role)
        for who, person in (("boss", boss), ("clerk", clerk), ("root", root))
        for role in ROLES
        if roles.may_grant(person, role, tenant=TENANT)
    }
    assert given == {(who, role) for who in ("boss", "root") for role in ROLES} | {
        ("clerk", "clerk")
    }

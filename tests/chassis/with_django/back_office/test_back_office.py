"""The frame around the back office: who is shown what, and that plain pages wear it."""

from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from pytest_django import Settings
from unfold.admin import ModelAdmin

from chassis.django.back_office import theme
from chassis.django.back_office.widgets import with_unfold
from chassis.environment import Environment

pytestmark = pytest.mark.django_db


class Grant(admin.TabularInline):  # type: ignore[type-arg]
    """A table of the groups that hold a permission."""

    model = Group.permissions.through


class Granted(admin.ModelAdmin):  # type: ignore[type-arg]
    """A page of somebody who never heard of unfold."""

    inlines = (Grant,)


@pytest.fixture
def root() -> Client:
    """A superuser's browser."""
    user = User.objects.create_superuser("root", "root@example.com", "x")
    TOTP.activate(user, "A" * 32)
    browser = Client()
    browser.force_login(user)
    return browser


def signed_in(*permissions: str) -> Client:
    """The browser of staff who hold a few permissions."""
    user = User.objects.create_user("sam", "sam@example.com", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    TOTP.activate(user, "A" * 32)
    browser = Client()
    browser.force_login(user)
    return browser


def test_side_bar_shows_what_a_person_may_open() -> None:
    """A page stands there for whoever holds its permission, and for nobody else."""
    page = signed_in("view_group").get("/admin/").content.decode()
    assert "/admin/auth/group/" in page
    assert "/admin/auth/user/" not in page
    assert "/support/impersonate/" not in page


def test_side_bar_leads_support_staff_to_their_page() -> None:
    """Whoever may act for a customer finds the page in the back office."""
    assert "/support/impersonate/" in signed_in("impersonate").get("/admin/").content.decode()


def test_pages_about_people_stand_together(root: Client) -> None:
    """One heading holds users, groups, factors and sessions; the platform's pages come last."""
    apps = root.get("/admin/").context["app_list"]
    assert [app["name"] for app in apps] == ["People and access", "Platform"]
    names = {page["object_name"] for page in apps[0]["models"]}
    assert {"User", "Group", "EmailAddress", "Authenticator", "UserSession"} <= names


def test_every_page_is_dressed() -> None:
    """Those of third-party apps too."""
    assert {type(page) for page in admin.site._registry.values() if not is_dressed(page)} == set()


def is_dressed(page: Any) -> bool:
    """Whether unfold draws this page."""
    return isinstance(page, ModelAdmin)


def test_plain_page_is_dressed_with_what_it_shows() -> None:
    """Its tables are drawn by unfold, and their fields have a name for a screen reader."""
    page = with_unfold(Granted)(Group, admin.site)
    request = SimpleNamespace(user=User(is_superuser=True), GET={}, method="GET")
    (table,) = page.get_inline_instances(request)
    fields = table.get_formset(request).form.base_fields
    assert fields["permission"].widget.attrs["aria-label"] == "Permission"
    assert with_unfold(type(page)) is type(page)


def test_own_password_is_changed_where_guesses_are_counted(root: Client) -> None:
    """Django's own form for it would let a stolen session try any number of old passwords."""
    response = root.post("/admin/password_change/", {"old_password": "x"})
    assert response.headers["Location"] == "/accounts/password/change/"


def test_colors_are_not_written_into_the_page(root: Client) -> None:
    """They come with a stylesheet, because the content policy forbids style elements."""
    assert "<style" not in root.get("/admin/").content.decode()


@pytest.mark.parametrize(("name", "label"), [("production", "danger"), ("development", "info")])
def test_environment_is_named(settings: Settings, name: str, label: str) -> None:
    """Production looks unlike everything else."""
    settings.ENV = SimpleNamespace(environment=Environment(name))
    assert theme.environment(SimpleNamespace()) == [name, label]  # type: ignore[arg-type]


def test_frame_comes_before_the_back_office() -> None:
    """Its templates replace Django's; a team's own UNFOLD stays."""
    made: dict[str, Any] = {
        "INSTALLED_APPS": ["chassis.django", theme.BACK_OFFICE],
        "UNFOLD": {"THEME": "dark"},
    }
    theme.install(made)
    theme.install(made)
    assert made["INSTALLED_APPS"] == ["chassis.django", theme.UNFOLD, theme.BACK_OFFICE]
    assert made["UNFOLD"] == {"THEME": "dark"}

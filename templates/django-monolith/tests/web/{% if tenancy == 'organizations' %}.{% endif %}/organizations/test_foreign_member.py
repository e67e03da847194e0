"""A member of another organization opens every page and finds no data of this one."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from tests.web.test_site import patterns
from web.accounts.demo_data import COMPANY
from web.accounts.models import User
from web.accounts.roles import MANAGER
from web.organizations.models import Organization
from web.tenancy import assign, settle

KEY = re.compile(r"<uuid:pk>|\(\?P<pk>[^)]*\)")
ABSENT = {404, 405}  # not found, or the page does not accept this method


@pytest.fixture
def harbour(db: None, monkeypatch: pytest.MonkeyPatch) -> Organization:
    """Create the demo data, with rows in every app."""
    monkeypatch.setenv("DEMO_PASSWORD", "given for the tests")
    call_command("demo_data", verbosity=0)
    return Organization.objects.get(name=COMPANY)


@pytest.fixture
def stranger(harbour: Organization, make_user: Callable[..., User]) -> Client:
    """Return the browser of a person with all permissions in another organization."""
    noor = make_user("noor")
    assign(MANAGER, to=noor, tenant=settle("Elsewhere", [noor]))
    client = Client()
    client.force_login(noor)
    return client


def foreign_pages(tenant: Organization) -> Iterator[str]:
    """Yield the URL of every page about one row, with the key of a row of this tenant."""
    for route, _ in patterns(get_resolver()):
        label = route.removeprefix("api/").partition("/")[0]
        if KEY.search(route) and label in apps.app_configs:
            for key in keys(label, tenant):
                yield "/" + KEY.sub(key, route).rstrip("$").removesuffix(r"\Z")


def keys(label: str, tenant: Organization) -> Iterator[str]:
    """Yield one key from each table of an app that has rows of this tenant."""
    for model in apps.get_app_config(label).get_models():
        rows = model._default_manager.all()
        if model is Organization:
            yield str(tenant.pk)
            continue
        for name in {field.name for field in model._meta.fields} & {"tenant_id", "organization"}:
            yield str(rows.filter(**{name: tenant.pk}).values_list("pk", flat=True)[0])


def test_foreign_member_finds_nothing(stranger: Client, harbour: Organization) -> None:
    """Every page about one row answers 404, for every method."""
    pages = set(foreign_pages(harbour))
    invitation, member = harbour.invitations.get(), harbour.memberships.all()[0]
    assert pages >= {
        f"/organizations/{harbour.pk}/switch",
        f"/organizations/members/{member.pk}/remove",
        f"/organizations/members/invitations/{invitation.pk}/withdraw",
    }
    body = {"status": "approved", "role": MANAGER}
    reachable = {
        (page, method, response.status_code)
        for page in pages
        for method, response in (
            ("GET", stranger.get(page)),
            ("POST", stranger.post(page, body, content_type="application/json")),
        )
        if response.status_code not in ABSENT
    }
    assert reachable == set()


def test_foreign_member_sees_nothing(stranger: Client, harbour: Organization) -> None:
    """No page without a key shows people of the company."""
    routes = (route for route, _ in patterns(get_resolver()))
    plain = {route for route in routes if re.fullmatch(r"[a-z_./]*", route)}
    apart = ("admin/", "accounts/", "identity/", ".well-known/")
    pages = [route for route in plain if not route.startswith(apart)]
    assert "organizations/" in pages
    people = User.objects.filter(memberships__organization=harbour).values_list("name", flat=True)
    for page in pages:
        text = stranger.get(f"/{page}").getvalue().decode()
        assert [name for name in people if name in text] == [], page
        assert harbour.name not in text, page

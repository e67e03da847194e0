"""The demo data."""

import io
from uuid import uuid4

import pytest
from django.core.management import call_command

from web.accounts.models import User
from web.accounts.roles import REVIEWER
from web.approvals.models import ApprovalRequest
from web.tenancy import roles_of, tenant_of


def add_demo_data(*options: str) -> str:
    """Run `manage.py demo_data` and return its output."""
    out = io.StringIO()
    call_command("demo_data", *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_demo_data_can_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run adds nothing and prints no password."""
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    assert "password of the 5 new people: " in add_demo_data()
    assert "password" not in add_demo_data()
    assert User.objects.count() == 5
    assert ApprovalRequest.objects.count() == 8


@pytest.mark.django_db
def test_each_tenant_gets_rows_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tenants have the same people, but each has its own requests."""
    monkeypatch.setenv("DEMO_PASSWORD", "given for the tests")
    other = uuid4()
    add_demo_data()
    add_demo_data("--tenant", str(other))
    assert User.objects.count() == 5
    assert ApprovalRequest.objects.filter(tenant_id=other).count() == 8
    assert ApprovalRequest.objects.count() == 16


@pytest.mark.django_db
def test_demo_data_takes_the_password_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A given password is used and not printed. With it Tom can decide, also in the back office."""
    monkeypatch.setenv("DEMO_PASSWORD", "given for the tests")
    assert "given for the tests" not in add_demo_data()
    tom = User.objects.get(email="tom@harbourfinch.example")
    assert tom.check_password("given for the tests")
    assert REVIEWER in roles_of(tom, tenant_of(tom))
    assert tom.has_perm("approvals.view_approvalrequest")

"""The invented company."""

import io

import pytest
from django.core.management import call_command

from web.accounts.models import User
from web.accounts.roles import REVIEWER
from web.approvals.models import ApprovalRequest
from web.tenancy import roles_of, tenant_of


def seed() -> str:
    """Run `manage.py seed` and give what it printed."""
    out = io.StringIO()
    call_command("seed", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_seed_can_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run adds nothing and shows no password."""
    monkeypatch.delenv("SEED_PASSWORD", raising=False)
    assert "password of the 5 new people: " in seed()
    assert "password" not in seed()
    assert User.objects.count() == 5
    assert ApprovalRequest.objects.count() == 8


@pytest.mark.django_db
def test_seed_takes_the_password_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A given password is used and not printed; Tom decides with it, also in the back office."""
    monkeypatch.setenv("SEED_PASSWORD", "given for the tests")
    assert "given for the tests" not in seed()
    tom = User.objects.get(email="tom@harbourfinch.example")
    assert tom.check_password("given for the tests")
    assert REVIEWER in roles_of(tom, tenant_of(tom))
    assert tom.has_perm("approvals.view_approvalrequest")

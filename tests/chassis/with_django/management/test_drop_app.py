"""An app leaves the database."""

import io

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

pytestmark = pytest.mark.django_db
APP = "allauth_idp_oidc"  # a leaf here, as an example is


def tables() -> set[str]:
    """Give the tables there are."""
    return set(connection.introspection.table_names())


def test_app_goes_with_its_permissions_and_content_types() -> None:
    """Its tables and every trace of it are gone; all other tables stay."""
    before = tables()
    assert Permission.objects.filter(content_type__app_label=APP).exists()
    call_command("drop_app", APP, stdout=io.StringIO())
    gone = before - tables()
    assert gone
    assert all(table.startswith(APP) for table in gone)
    assert not ContentType.objects.filter(app_label=APP).exists()
    assert not Permission.objects.filter(content_type__app_label=APP).exists()


def test_app_that_others_build_on_stays() -> None:
    """Tables of an app that nobody mentioned are never dropped: those apps are named."""
    before = tables()
    others = f"account, admin, {APP}, mfa, socialaccount, usersessions"
    with pytest.raises(CommandError, match=f"Migrations of {others} build on auth,"):
        call_command("drop_app", "auth", stdout=io.StringIO())
    assert tables() == before

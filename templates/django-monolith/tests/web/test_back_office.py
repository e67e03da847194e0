"""Every page of the back office opens, for every registered model."""

import re
from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db.models import FETCH_ONE, Model
from django.test import Client
from django.urls import reverse

from tests.web.conftest import prove
from web.accounts.models import User

INLINE = re.compile(r"<style|\son[a-z]+=|<script(?![^>]*(\ssrc=|application/json))")
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def root(make_user: Callable[..., User]) -> Client:
    """Return the browser of a superuser who has just repeated the second factor."""
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    prove(client)
    return client


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_open(root: Client, model: type[Model]) -> None:
    """The list, a search, and the form to add an entry (if allowed) open."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    page = root.get(reverse(f"{name}_changelist"))
    assert page.status_code == 200
    assert INLINE.search(page.text) is None  # the security policy forbids it here too
    assert root.get(reverse(f"{name}_changelist"), {"q": "x"}).status_code == 200
    assert root.get(reverse(f"{name}_add")).status_code in {200, 403}


def test_pages_of_entries_open(root: Client) -> None:
    """Every list with entries opens, in each order and filter, and so do the pages of an entry."""
    call_command("demo_data", stdout=StringIO())
    for model in MODELS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if entry := model._default_manager.first():
            for page in ("change", "history"):
                assert root.get(reverse(f"{name}_{page}", args=[entry.pk])).status_code == 200
        address = reverse(f"{name}_changelist")
        changes = root.get(address).context["cl"]
        choices = [list(spec.choices(changes))[-1] for spec in changes.filter_specs]
        orders = [f"?o={place}" for place in range(1, len(changes.list_display))]
        for query in [choice["query_string"] for choice in choices] + orders:
            assert root.get(address + query).status_code == 200, address + query


def test_deletion_is_asked_about(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The delete page lists everything that is deleted too; Django loads those rows one by one."""
    monkeypatch.setattr("django.db.models.query.DEFAULT_FETCH_MODE", FETCH_ONE)
    call_command("demo_data", stdout=StringIO())
    for model in MODELS:
        if entry := model._default_manager.first():
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_delete"
            assert root.get(reverse(name, args=[entry.pk])).status_code in {200, 403}


def test_front_page_opens(root: Client) -> None:
    """The index lists the registered models."""
    assert "Audit events" in root.get("/admin/").text


def test_only_the_back_office_evaluates_scripts(root: Client) -> None:
    """Only the back office has a relaxed policy: its layout needs it. Other pages are strict."""
    policy = root.get("/admin/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'; style-src 'self';" in policy
    assert "style-src-attr 'unsafe-inline'" in policy
    for page in ("/", "/accounts/2fa/", "/support/impersonate/"):
        assert "unsafe" not in root.get(page).headers["Content-Security-Policy"]
    assert "unsafe" not in Client().get("/admin/", follow=True).headers["Content-Security-Policy"]

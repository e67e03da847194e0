"""Every page of the back office opens, for whatever is registered there."""

import re
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tests.web.conftest import PASSWORD
from web.accounts.models import User

INLINE = re.compile(r"<style|\son[a-z]+=|<script(?![^>]*(\ssrc=|application/json))")
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def root(make_user: Callable[..., User]) -> Client:
    """The browser of a superuser who has just said their password again."""
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_open(root: Client, model: type[Model]) -> None:
    """The list, a search in it, and the pages of an entry; adding, where somebody may."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert root.get(reverse(f"{name}_changelist")).status_code == 200
    assert root.get(reverse(f"{name}_changelist"), {"q": "x"}).status_code == 200
    assert root.get(reverse(f"{name}_add")).status_code in {200, 403}
    entry = model._default_manager.first()
    if entry is not None:
        for page in ("change", "history"):
            assert root.get(reverse(f"{name}_{page}", args=[entry.pk])).status_code == 200
        response = root.get(reverse(f"{name}_delete", args=[entry.pk]))
        assert response.status_code in {200, 403}


def test_front_page_opens(root: Client) -> None:
    """The index lists what there is."""
    assert "Audit events" in root.get("/admin/").text


def test_only_the_back_office_evaluates_scripts(root: Client) -> None:
    """Its frame needs that; every other page, the login too, keeps to the strict policy."""
    policy = root.get("/admin/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'; style-src 'self';" in policy
    assert "style-src-attr 'unsafe-inline'" in policy
    for page in ("/", "/accounts/2fa/", "/support/impersonate/"):
        assert "unsafe" not in root.get(page).headers["Content-Security-Policy"]
    assert "unsafe" not in Client().get("/admin/", follow=True).headers["Content-Security-Policy"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_bring_no_script_of_their_own(root: Client, model: type[Model]) -> None:
    """What the policy forbids in the back office too: scripts and style sheets in the page."""
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert INLINE.search(root.get(page).text) is None

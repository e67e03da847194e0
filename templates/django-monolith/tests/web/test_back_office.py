"""Every page of the back office opens, for whatever is registered there."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tests.web.conftest import PASSWORD
from web.accounts.models import User

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

"""DATA002."""

from typing import Any

import pytest
from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader

from chassis.django.conformance import reversible_migrations
from chassis.django.conformance.reversible_migrations import ReversibleMigrations


@pytest.fixture
def auth_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an app that has migrations count as one of the service's folder."""
    monkeypatch.setattr(reversible_migrations, "_own_apps", lambda: {"auth"})


def test_accepts_migrations_with_a_way_back(examine: Any, auth_is_ours: None) -> None:
    """What `makemigrations` writes can be undone."""
    assert examine(ReversibleMigrations()) == []


def test_finds_a_migration_of_no_return(
    examine: Any, auth_is_ours: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQL without its opposite is named by its migration."""
    load = MigrationLoader.load_disk

    def with_another(loader: MigrationLoader) -> None:
        load(loader)
        first = loader.disk_migrations["auth", "0001_initial"]
        monkeypatch.setattr(first, "operations", [*first.operations, RunSQL("SELECT 1")])

    monkeypatch.setattr(MigrationLoader, "load_disk", with_another)
    assert examine(ReversibleMigrations()) == ["auth.0001_initial"]

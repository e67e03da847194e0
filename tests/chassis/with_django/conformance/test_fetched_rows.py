"""DATA003."""

from typing import Any

import pytest

from chassis.django.conformance.fetched_rows import FetchedRows
from chassis.django.fetch_modes import LISTS_RAISE


def test_accepts_the_guard(examine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture of every service's tests is what the rule asks for."""
    monkeypatch.setattr("django.db.models.query.DEFAULT_FETCH_MODE", LISTS_RAISE)
    assert examine(FetchedRows()) == []


def test_finds_that_it_is_off(examine: Any) -> None:
    """Django itself fetches row by row."""
    assert examine(FetchedRows()) == ["rows of lists"]

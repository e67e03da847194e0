"""DATA005."""

from typing import Any

import pytest
from django.db import connection

from chassis.django.conformance.bounded_statements import BoundedStatements


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """The platform's address has both limits."""
    assert examine(BoundedStatements()) == []


def test_finds_endless_statements_and_long_transactions(
    examine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without limits is named."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert examine(BoundedStatements()) == ["default"]
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", False)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
    assert examine(BoundedStatements()) == ["default"]

"""DATA003."""

from collections.abc import Iterator
from typing import override

from django.db.models import query

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest
from chassis.django.fetch_modes import RaiseForLists


class FetchedRows(SyncRule[SystemUnderTest]):
    """A list that runs a query for each of its rows (N+1) fails in the tests."""

    id = "DATA003"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Keep the fixture `rows_of_lists_fetch_nothing` of `tests/web/conftest.py` for every test.
        What it finds is mended by `select_related()`, `prefetch_related()` or `only()`.
        """
        if not isinstance(query.DEFAULT_FETCH_MODE, RaiseForLists):
            seen = f"fetch by {type(query.DEFAULT_FETCH_MODE).__name__}"
            yield Finding("rows of lists", seen)

"""DATA003."""

from collections.abc import Iterator
from typing import override

from django.db.models import query

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest
from chassis.django.fetch_modes import RaiseForLists


class FetchedRows(SyncRule[SystemUnderTest]):
    """Tests fail when a list runs one query for each row (N+1 queries)."""

    id = "DATA003"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Keep the automatic fixture `rows_of_lists_fetch_nothing` in `tests/web/conftest.py`. Fix
        a list that it reports with `select_related()`, `prefetch_related()` or `only()`.
        """
        if not isinstance(query.DEFAULT_FETCH_MODE, RaiseForLists):
            message = f"use the fetch mode {type(query.DEFAULT_FETCH_MODE).__name__}"
            yield Finding("rows of lists", message)

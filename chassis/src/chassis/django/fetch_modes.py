"""A fetch mode that detects N+1 queries: lists that load missing fields row by row."""

from typing import Any

from django.core.exceptions import FieldFetchBlocked
from django.db.models import Model
from django.db.models.fetch_modes import FetchMode


class RaiseForLists(FetchMode):
    """Fetch missing fields of a single row; raise for a row that was loaded in a list.

    For tests: `monkeypatch.setattr("django.db.models.query.DEFAULT_FETCH_MODE", LISTS_RAISE)`.
    """

    __slots__ = ()
    track_peers = True

    def fetch(self, fetcher: Any, instance: Model) -> None:
        """Fetch the field of a single row; raise FieldFetchBlocked for a row of a list."""
        if len(instance._state.peers) > 1:
            field = f"{type(instance).__qualname__}.{fetcher.field.name}"
            raise FieldFetchBlocked(
                f"{field} is fetched for each row of a list: name it in select_related(), "
                "prefetch_related() or only()."
            )
        fetcher.fetch_one(instance)


LISTS_RAISE = RaiseForLists()

"""N+1 queries: a list whose rows fetch the rest of themselves one by one."""

from typing import Any

from django.core.exceptions import FieldFetchBlocked
from django.db.models import Model
from django.db.models.fetch_modes import FetchMode


class RaiseForLists(FetchMode):
    """Fetch what is missing of a single row, and raise for a row that came with others.

    For tests: `monkeypatch.setattr("django.db.models.query.DEFAULT_FETCH_MODE", LISTS_RAISE)`.
    """

    __slots__ = ()
    track_peers = True

    def fetch(self, fetcher: Any, instance: Model) -> None:
        """Let a lone row fetch; raise FieldFetchBlocked, and say how to mend it, for another."""
        if len(instance._state.peers) > 1:
            field = f"{type(instance).__qualname__}.{fetcher.field.name}"
            raise FieldFetchBlocked(
                f"{field} is fetched for each row of a list: name it in select_related(), "
                "prefetch_related() or only()."
            )
        fetcher.fetch_one(instance)


LISTS_RAISE = RaiseForLists()

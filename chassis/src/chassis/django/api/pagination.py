"""Keyset pagination: bounded pages without offsets, in an order that new rows do not change."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

from chassis import cursors
from chassis.problems import ProblemError


@dataclass(frozen=True)
class Page[Row]:
    """A page of rows, newest first; `next_cursor` is None on the last page."""

    items: list[Row]
    next_cursor: str | None


def newest_first[Row: Model](
    rows: "QuerySet[Row]", *, by: str, limit: int = cursors.DEFAULT_LIMIT, after: str | None = None
) -> Page[Row]:
    """Return one page of `rows`, newest first.

    Rows are ordered by the timestamp field `by` and then by `id`, which is a UUID. `after` is the
    cursor of the previous page. Raises ProblemError 422 for a limit that is not 1 to 200 and for an
    invalid cursor.
    """
    if not 1 <= limit <= cursors.LARGEST_LIMIT:
        raise _invalid("limit", f"Ask for 1 to {cursors.LARGEST_LIMIT} at once.")
    if after is not None:
        rows = rows.filter(_older(by, after))
    window = list(rows.order_by(f"-{by}", "-id")[: limit + 1])
    last: Any = window[limit - 1] if len(window) > limit else None
    cursor = cursors.write(getattr(last, by), last.id) if last else None
    return Page(window[:limit], cursor)


def _older(by: str, after: str) -> Q:
    if len(after) > cursors.LONGEST:
        raise _invalid("after", "This is not a cursor that this service gave out.")
    try:
        moment, key = cursors.read(after)
    except ValueError as error:
        raise _invalid("after", f"This is {error}.") from None
    # the first condition can use an index
    return Q(**{f"{by}__lte": moment}) & (Q(**{f"{by}__lt": moment}) | Q(id__lt=key))


def _invalid(name: str, message: str) -> ProblemError:
    return ProblemError(422, "validation", errors=[{"loc": ["query", name], "msg": message}])

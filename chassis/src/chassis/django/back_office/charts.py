"""Bar charts as coordinates; templates draw them as inline SVG, without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

HEIGHT = 160  # of the tallest bar, in the chart's own units
WIDTH = 40
STEP = 48


@dataclass(frozen=True)
class Bar:
    """The bar of one month: its value, position and size."""

    month: date
    total: Decimal
    x: int
    height: int

    @property
    def y(self) -> int:
        """Return the upper edge; in SVG, y grows downwards."""
        return HEIGHT - self.height

    @property
    def middle(self) -> int:
        """Return the x of the label."""
        return self.x + WIDTH // 2


def bars(months: Sequence[tuple[date, Decimal]], *, limit: int = 12) -> list[Bar]:
    """Return the bars of the newest `limit` months; `months` are in order, oldest first."""
    shown = months[-limit:]
    largest = max((total for _, total in shown), default=Decimal(1)) or Decimal(1)
    return [
        Bar(month, total, number * STEP, max(2, round(HEIGHT * total / largest)))
        for number, (month, total) in enumerate(shown)
    ]

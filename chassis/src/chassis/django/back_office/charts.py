"""Charts as shapes: a template draws them as inline SVG, so no page needs a script for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

HEIGHT = 160  # of the tallest bar, in the chart's own units
WIDTH = 40
STEP = 48


@dataclass(frozen=True)
class Bar:
    """A month in a chart: where its bar stands, and what it says."""

    month: date
    total: Decimal
    x: int
    height: int

    @property
    def y(self) -> int:
        """The upper edge; the y of SVG grows downwards."""
        return HEIGHT - self.height

    @property
    def middle(self) -> int:
        """Where its label stands."""
        return self.x + WIDTH // 2


def bars(months: Sequence[tuple[date, Decimal]], *, most: int = 12) -> list[Bar]:
    """Lay out the newest months of some that are in order; the largest fills the height."""
    shown = months[-most:]
    largest = max((total for _, total in shown), default=Decimal(1)) or Decimal(1)
    return [
        Bar(month, total, number * STEP, max(2, round(HEIGHT * total / largest)))
        for number, (month, total) in enumerate(shown)
    ]

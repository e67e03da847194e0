"""What is ordered."""

KINDS = (
    "desk",
    "chair",
)


def price(kind: str) -> int:
    """What it costs, in cents."""
    return 100 if kind in KINDS else 0


def total(kinds: list[str]) -> int:
    """What all of them cost."""
    return sum(price(kind) for kind in kinds)

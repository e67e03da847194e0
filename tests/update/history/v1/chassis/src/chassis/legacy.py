"""What the first services called; it goes in 2.0.0."""

import warnings


def log(message: str) -> None:
    """Say that this is old, and what it was asked to say."""
    warnings.warn("chassis.legacy goes: call chassis.logs", stacklevel=2)
    print(message)  # noqa: T201


def enabled() -> bool:
    """Whether anybody still calls this module."""
    return True

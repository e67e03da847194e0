"""When a failed delivery is retried, and when it is given up."""

import random
from datetime import timedelta

ATTEMPTS = 12
"""After so many a delivery is dead; with the waits below that takes some three hours."""
_SHORTEST_SECONDS = 1.0
_FIRST_SECONDS = 10.0


def wait(attempt: int, *, retry_after: int | None = None) -> timedelta:
    """Return how long to wait after attempt number `attempt` failed.

    Exponential with full jitter (anything between a second and the doubled bound), so that what
    failed together does not come back together; but never sooner than the receiver asked for.
    """
    bound = _FIRST_SECONDS * 2.0 ** (min(attempt, ATTEMPTS) - 1)
    # not a secret
    return timedelta(seconds=max(random.uniform(_SHORTEST_SECONDS, bound), float(retry_after or 0)))  # noqa: S311

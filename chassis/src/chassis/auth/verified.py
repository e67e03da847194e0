"""What a verification has established, and for how long that holds."""

from collections.abc import Callable
from dataclasses import dataclass

from chassis.auth.principal import Principal


def always() -> bool:
    """Vouch without a condition."""
    return True


@dataclass(frozen=True, slots=True)
class Verified:
    """A principal until `expires` (seconds since 1970), while `still_valid` says yes.

    `still_valid` is asked at every use and answers at once: whether what stood behind the
    verification, such as the key that signed, stands yet.
    """

    principal: Principal
    expires: float
    still_valid: Callable[[], bool] = always

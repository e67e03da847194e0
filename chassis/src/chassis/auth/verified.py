"""The result of a verification, and how long it holds."""

from collections.abc import Callable
from dataclasses import dataclass

from chassis.auth.principal import Principal


def always() -> bool:
    """Return True: the result has no further condition."""
    return True


@dataclass(frozen=True, slots=True)
class Verified:
    """A principal until `expires` (seconds since 1970), while `still_valid` returns True.

    `still_valid` is called at every use and must be fast. It checks whether the basis of the
    verification, such as the signing key, is still valid.
    """

    principal: Principal
    expires: float
    still_valid: Callable[[], bool] = always

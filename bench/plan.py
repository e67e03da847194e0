"""The measurement of one plan."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from servers import Endpoint, Side

BARE, SAMPLED, FULL = "bare", "standards, traces 0.01", "standards, traces 1.0"


@dataclass(frozen=True)
class Plan:
    """The endpoints of a plan, its sides, and their limits."""

    half: str
    endpoints: tuple[Endpoint, ...]
    latency_of: Endpoint
    limits: dict[tuple[str, str], str]
    """By endpoint and side: the most CPU that may be added, as a share of bare."""
    sides: Callable[[str, Path, list[str]], AbstractContextManager[list[Side]]]
    """Takes the database's URL, the folder for the callers, and the URLs of two collectors."""
    about: str

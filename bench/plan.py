"""What is measured of one plan."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from servers import Endpoint, Side

BARE, SAMPLED, FULL = "bare", "standards, traces 0.01", "standards, traces 1.0"


@dataclass(frozen=True)
class Plan:
    """The endpoints of a plan, its sides, and what is promised of them."""

    half: str
    endpoints: tuple[Endpoint, ...]
    latency_of: Endpoint
    limits: dict[tuple[str, str], str]
    """By endpoint and side: at most this much more CPU than bare."""
    sides: Callable[[str, Path, list[str]], AbstractContextManager[list[Side]]]
    """From the database's address, the folder for the callers, two collectors."""
    about: str

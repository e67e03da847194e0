"""A behavioral rule and its findings."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc, getdoc
from typing import Any, ClassVar


class Level(StrEnum):
    """Bronze keeps a service safe, silver keeps it consistent."""

    BRONZE = "bronze"
    SILVER = "silver"


@dataclass(frozen=True)
class Finding:
    """One violation of a rule: an operation (`GET /v1/things`), a setting or a file, and the
    observation."""

    place: str
    seen: str


class Standard(ABC):
    """The base class of rules. `id` never changes, and is the same in both halves."""

    id: ClassVar[str]
    level: ClassVar[Level]

    @property
    def title(self) -> str:
        """Say what holds, in one line."""
        return (getdoc(type(self)) or "").partition("\n")[0]

    @property
    def remedy(self) -> str:
        """Say what to do about a finding, in Markdown."""
        return cleandoc(type(self).check.__doc__ or "")

    @abstractmethod
    def check(self, subject: Any) -> AsyncIterator[Finding] | Iterator[Finding]:
        """Yield what departs from the standard."""


class Rule[Subject](Standard):
    """One standard of an asynchronous service; a `Subject` is the service as its tests hold
    it."""

    @abstractmethod
    def check(self, subject: Subject) -> AsyncIterator[Finding]:
        """Yield what departs from the standard."""


class SyncRule[Subject](Standard):
    """One standard of a synchronous service."""

    @abstractmethod
    def check(self, subject: Subject) -> Iterator[Finding]:
        """Yield what departs from the standard."""


def sentence(rule: Standard, findings: Iterable[Finding]) -> str:
    """Return a message with the rule's finding and its remedy."""
    places = "\n".join(f"  {finding.place}: {finding.seen}" for finding in findings)
    return f"{rule.id} {rule.title}\n{places}\n\n{rule.remedy}"

"""Export and erasure of the personal data of a data subject (GDPR, articles 15, 17 and 20).

A domain that stores personal data adds `api/<domain>/data_subjects.py` with two coroutines:
`export(session, subject)` returns its data as values that JSON can represent, and
`erase(session, subject)` deletes or anonymizes the data and returns the number of rows, in total
or by table. The platform does the same for its own tables.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.fastapi import discovery
from chassis.fastapi.data.db import Database

_OWN = ("chassis.fastapi.accounts.data_subjects",)


class DataSubjectError(Exception):
    """A domain's `data_subjects.py` lacks a function; the text is one sentence."""


@dataclass(frozen=True)
class DataSubject:
    """The person that tokens name with the claims `sub` and `iss`. `iss` matters because two
    issuers may both have a user 7."""

    id: str
    issuer: str


async def export(database: Database, package: str, subject: DataSubject) -> dict[str, Any]:
    """Return the data of `subject` by domain, in one snapshot. Raises DataSubjectError."""
    stored = {}
    async with database.unit_of_work() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for module in _modules(package):
            stored[_name(module)] = await _function(module, "export")(session, subject)
    return stored


async def erase(
    database: Database, package: str, subject: DataSubject, *, for_good: bool
) -> dict[str, int]:
    """Erase `subject` from every domain in one transaction; return the number of rows by domain,
    or by table where the domain counts per table.

    Without `for_good` everything is rolled back, and the numbers say how many rows would be
    erased. Raises DataSubjectError.
    """
    erased: dict[str, int] = {}
    async with database.unit_of_work() as session:
        for module in _modules(package):
            rows = await _function(module, "erase")(session, subject)
            erased |= _by_table(_name(module), rows)
        if not for_good:
            await session.rollback()
    return erased


def _modules(package: str) -> list[ModuleType]:
    discovery.modules(package, "models")
    # domains first: their rows may point at accounts
    return [*discovery.modules(package, "data_subjects"), *map(import_module, _OWN)]


def _name(module: ModuleType) -> str:
    return "platform" if module.__name__ in _OWN else module.__name__.split(".")[-2]


def _by_table(domain: str, rows: int | Mapping[str, int]) -> dict[str, int]:
    if isinstance(rows, int):
        return {domain: rows}
    return {f"{domain}.{table}": count for table, count in rows.items()}


def _function(
    module: ModuleType, name: str
) -> Callable[[AsyncSession, DataSubject], Awaitable[Any]]:
    function: Callable[[AsyncSession, DataSubject], Awaitable[Any]] | None = getattr(
        module, name, None
    )
    if function is None:
        raise DataSubjectError(
            f"{module.__file__} has no {name}: add `async def {name}(session, subject)`."
        )
    return function

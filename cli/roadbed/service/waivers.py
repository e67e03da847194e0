"""Findings that a team lives with for a while: `waivers.toml`, with a reason, a name and a date.

One table a waiver:

    [[waiver]]
    rule = "diverged"
    path = "/.roadbed/ruff.toml"    # a gitignore pattern; without it, every path
    reason = "Our linter needs 120 columns until the generated clients are split."
    owner = "acme/payments"
    created = 2026-11-29
    expires = 2027-01-31            # the last day on which it holds
    ticket = "PAY-71"               # optional
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pathspec

from roadbed.errors import CouldNotRunError, UsageError

WAIVERS_FILE = "waivers.toml"
_REQUIRED: Mapping[str, str] = {
    "rule": '"diverged"',
    "reason": '"why this is right for now"',
    "owner": '"the team that answers for it"',
    "created": "2026-11-29",
    "expires": "2027-01-31",
}
_KEYS = (*_REQUIRED, "path", "ticket")
_DATES = ("created", "expires")


@dataclass(frozen=True)
class Waiver:
    """One table of the file, the `number`th; it holds up to and including the day `expires`."""

    number: int
    rule: str
    reason: str
    owner: str
    created: date
    expires: date
    path: str = ""
    ticket: str = ""

    def covers(self, rule: str, path: str) -> bool:
        """Return whether the waiver is for this rule at this path, on any day."""
        if rule != self.rule:
            return False
        return not self.path or pathspec.GitIgnoreSpec.from_lines([self.path]).match_file(path)

    def __str__(self) -> str:
        where = f" in {self.path}" if self.path else ""
        return f"waiver {self.number} ({self.rule}{where}, {self.owner}, until {self.expires})"


def read_waivers(service: Path) -> tuple[Waiver, ...]:
    """Return the waivers of the service in the folder `service`; empty without a file.

    Raises UsageError for a file with a mistake, CouldNotRunError for one that cannot be read.
    """
    path = service / WAIVERS_FILE
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # not UTF-8, not TOML
        raise UsageError(f"{path} is not valid TOML ({error}): fix it there.") from error
    listed = tables.pop("waiver", [])
    if tables or not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        odd = next(iter(tables), "waiver")
        raise UsageError(
            f"{path} has an unexpected `{odd}`: begin each waiver with a line [[waiver]]."
        )
    return tuple(_waiver(path, number, table) for number, table in enumerate(listed, 1))


def _waiver(path: Path, number: int, table: Mapping[str, object]) -> Waiver:
    mistake = next(_mistakes(table), None)
    if mistake:
        raise UsageError(f"{path}: waiver {number} {mistake}.")
    return Waiver(number, **table)  # type: ignore[arg-type]  # _mistakes checked each


def _mistakes(table: Mapping[str, object]) -> Iterator[str]:
    for key in table:
        if key not in _KEYS:
            yield f"has the unknown key `{key}`: remove it, or use one of {', '.join(_KEYS)}"
    for key, example in _REQUIRED.items():
        if key not in table:
            yield f"has no `{key}`: add the line {key} = {example}"
    for key, value in table.items():
        if key in _DATES and (not isinstance(value, date) or isinstance(value, datetime)):
            yield f"has a `{key}` that is not a date: write {key} = {_REQUIRED[key]}, unquoted"
        if key not in _DATES and (not isinstance(value, str) or not value.strip()):
            yield f"has an empty `{key}`: write some text in quotes"
    yield from _contradictions(table)


def _contradictions(table: Mapping[str, object]) -> Iterator[str]:
    if table["expires"] < table["created"]:  # type: ignore[operator]
        yield "expires before it is created: correct one of the dates"
    try:
        pathspec.GitIgnoreSpec.from_lines([str(table.get("path", ""))])
    except ValueError:
        yield f"has the path {table['path']!r}, which is not a pattern: write it as in .gitignore"

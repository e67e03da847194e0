"""Who owns which file of a generated service: `.roadbed/ownership.toml`, in gitignore patterns."""

import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pathspec

from roadbed.errors import UsageError

OWNERSHIP_FILE = ".roadbed/ownership.toml"
CLASSES = ("managed", "merged", "seeded", "generated", "answers")
OWN = "own"
_MAGIC = frozenset("*?[!\\")


@dataclass(frozen=True)
class Ownership:
    """The patterns of each class, as written and as they match."""

    written: Mapping[str, tuple[str, ...]]
    specs: Mapping[str, pathspec.GitIgnoreSpec]

    def patterns(self, owner: str) -> tuple[str, ...]:
        """The gitignore patterns of one class."""
        return self.written[owner]

    def roots(self, owner: str) -> tuple[str, ...]:
        """The files and folders in which everything of a class lies; none: it may be anywhere."""
        found = [_root(pattern) for pattern in self.written[owner]]
        return tuple(dict.fromkeys(found)) if all(found) else ()

    def classify(self, path: str) -> str:
        """The one class of `path` (relative, with slashes), or "own" for the team's own files.

        Raises UsageError when two classes claim it.
        """
        found = [name for name, spec in self.specs.items() if spec.match_file(path)]
        if len(found) > 1:
            raise UsageError(
                f"{path} is claimed by both {found[0]} and {found[1]}: "
                f"keep it in one table of {OWNERSHIP_FILE}."
            )
        return found[0] if found else OWN


def read_ownership(service: Path) -> Ownership:
    """The ownership of the service in the folder `service`; raises UsageError when unusable."""
    try:
        return parse_ownership((service / OWNERSHIP_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{service / OWNERSHIP_FILE} cannot be read: restore it with "
            f"`git checkout -- {OWNERSHIP_FILE}`."
        ) from error


def parse_ownership(text: str) -> Ownership:
    """The ownership written in `text`: one table a class, each with `patterns = [...]`."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{OWNERSHIP_FILE} is not valid TOML: {error}.") from error
    if set(tables) != set(CLASSES):
        odd = min(set(tables) ^ set(CLASSES))
        raise UsageError(f"{OWNERSHIP_FILE} needs the tables {', '.join(CLASSES)}: see [{odd}].")
    written = {name: _patterns(name, tables[name]) for name in CLASSES}
    specs = {name: pathspec.GitIgnoreSpec.from_lines(written[name]) for name in CLASSES}
    return Ownership(written, specs)


def _patterns(name: str, table: object) -> tuple[str, ...]:
    patterns = table.get("patterns") if isinstance(table, dict) else None
    if not isinstance(patterns, list) or not all(isinstance(line, str) for line in patterns):
        raise UsageError(f"[{name}] of {OWNERSHIP_FILE} needs `patterns`, a list of text.")
    return tuple(patterns)


def _root(pattern: str) -> str:
    """What of a gitignore pattern is a plain path from the root; empty where it is not anchored."""
    if "/" not in pattern.rstrip("/"):
        return ""
    parts = pattern.strip("/").split("/")
    return "/".join(itertools.takewhile(lambda part: not _MAGIC & set(part), parts))

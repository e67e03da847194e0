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
        """Return the gitignore patterns of one class."""
        return self.written[owner]

    def roots(self, owner: str) -> tuple[str, ...]:
        """Return the files and folders that hold every file of a class; empty if it has no such
        limit.
        """
        roots = [_root(pattern) for pattern in self.written[owner]]
        return tuple(dict.fromkeys(roots)) if all(roots) else ()

    def classify(self, path: str) -> str:
        """Return the class of `path` (relative, with slashes), or "own" for the team's own files.

        Raises UsageError when two classes match.
        """
        classes = [name for name, spec in self.specs.items() if spec.match_file(path)]
        if len(classes) > 1:
            raise UsageError(
                f"{path} matches patterns of both {classes[0]} and {classes[1]}: "
                f"keep it in one table of {OWNERSHIP_FILE}."
            )
        return classes[0] if classes else OWN


def read_ownership(service: Path) -> Ownership:
    """Return the ownership of the service in the folder `service`; raises UsageError when
    unusable.
    """
    try:
        return parse_ownership((service / OWNERSHIP_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{service / OWNERSHIP_FILE} cannot be read: restore it with "
            f"`git checkout -- {OWNERSHIP_FILE}`."
        ) from error


def parse_ownership(text: str) -> Ownership:
    """Return the ownership in `text`: one table for each class, each with `patterns = [...]`."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{OWNERSHIP_FILE} is not valid TOML: {error}.") from error
    if set(tables) != set(CLASSES):
        odd = min(set(tables) ^ set(CLASSES))
        raise UsageError(
            f"{OWNERSHIP_FILE} needs exactly the tables {', '.join(CLASSES)}: correct [{odd}]."
        )
    written = {name: _patterns(name, tables[name]) for name in CLASSES}
    specs = {name: pathspec.GitIgnoreSpec.from_lines(written[name]) for name in CLASSES}
    return Ownership(written, specs)


def _patterns(name: str, table: object) -> tuple[str, ...]:
    patterns = table.get("patterns") if isinstance(table, dict) else None
    if not isinstance(patterns, list) or not all(isinstance(line, str) for line in patterns):
        raise UsageError(f"[{name}] of {OWNERSHIP_FILE} needs `patterns`, a list of text.")
    return tuple(patterns)


def _root(pattern: str) -> str:
    """Return the part of a gitignore pattern before its first wildcard; empty if not anchored."""
    if "/" not in pattern.rstrip("/"):
        return ""
    parts = pattern.strip("/").split("/")
    return "/".join(itertools.takewhile(lambda part: not _MAGIC & set(part), parts))

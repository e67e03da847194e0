"""The Python files of a folder, parsed, and the other files that people read."""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SKIPPED = {"__pycache__", ".venv", "node_modules", ".mypy_cache", ".ruff_cache"}
_GENERIC = re.compile(r"^(\s*(?:async def|def|class)\s+\w+)(\[)", re.MULTILINE)
_ALIAS = re.compile(r"^(\s*)type (?=\w+(?:\[.*\])? = )", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """One Python file: its path, its text and its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Return the path as reports show it: below the repository where it lies in there."""
        return shown(self.path)


def python_files(folder: Path) -> list[Source]:
    """Return every Python file below `folder`; raise SyntaxError for one that does not parse."""
    return [read(path) for path in files(folder, ".py")]


def files(folder: Path, *suffixes: str) -> Iterator[Path]:
    """Yield the files below `folder` (or `folder` itself, a file) whose names end in a suffix.

    Links are left out: the templates of several plans link to the same file.
    """
    if folder.is_file():
        yield folder
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        paths = [Path(parent, name) for name in sorted(names) if name.endswith(suffixes)]
        yield from (path for path in paths if not path.is_symlink())


def read(path: Path) -> Source:
    """Return the parsed file; raise SyntaxError, with the path, when it does not parse."""
    text = path.read_text(encoding="utf-8")
    return Source(path, text, parse(text, shown(path)))


def parse(text: str, name: str = "<text>") -> ast.Module:
    """Return the syntax tree, also of Python 3.12's type parameters on Python 3.11."""
    if sys.version_info < (3, 12):
        text = _without_type_parameters(text)
    return ast.parse(text, name)


def shown(path: Path) -> str:
    """Return the path below the repository, or the whole path of a file elsewhere."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def _without_type_parameters(text: str) -> str:
    """Blank the type parameters of functions and classes; lines keep their numbers.

    `type Pair[T] = …` becomes `Pair[T] = …`, an assignment that every Python parses.
    """
    text = _ALIAS.sub(r"\1", text)
    while match := _GENERIC.search(text):
        start, end = match.start(2), _closing(text, match.start(2))
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text


def _closing(text: str, start: int) -> int:
    """Return the index after the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)

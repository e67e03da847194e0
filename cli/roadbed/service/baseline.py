"""`roadbed-baseline.toml`: how a service differed from its plan on the day of its adoption.

`roadbed check` shows these findings and does not fail, so that a repository can follow the rules
from its first day and fix the rest later. Shared files that the team replaced or does not have are
excluded from updates. Only `roadbed adopt` writes the file; afterwards entries are only removed.
"""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from roadbed.errors import UsageError

BASELINE_FILE = "roadbed-baseline.toml"
_HEADER = (
    "# How this repository differed from its plan on the day of `roadbed adopt`.\n"
    "# Entries may only be removed.\n"
    "# `roadbed check` shows these findings and does not fail: delete an entry when it is fixed.\n"
    "# `roadbed update` does not change excluded files: delete an entry when your file has the\n"
    "# platform's lines that it needs, and updates merge the file from then on.\n"
)


def read_baseline(service: Path) -> frozenset[tuple[str, str]]:
    """Return the state and path of every recorded finding; an empty set without a file."""
    return frozenset((state, path) for state, path in _read(service, "finding", "state", "path"))


def read_excluded(service: Path) -> frozenset[str]:
    """Return the paths of shared files that updates do not change."""
    return frozenset(path for (path,) in _read(service, "excluded", "path"))


def _read(service: Path, table: str, *keys: str) -> list[tuple[str, ...]]:
    file = service / BASELINE_FILE
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        return [tuple(str(entry[key]) for key in keys) for entry in data.get(table, [])]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{file} cannot be read ({error}): restore it with `git checkout -- {BASELINE_FILE}`."
        ) from error


def baseline_text(findings: Iterable[tuple[str, str]], excluded: Iterable[str] = ()) -> str:
    """Return the text of a baseline with these states and paths, and the excluded paths."""
    entries = [
        f"\n[[finding]]\nstate = {_quoted(state)}\npath = {_quoted(path)}\n"
        for state, path in sorted(findings)
    ]
    exclusions = [f"\n[[excluded]]\npath = {_quoted(path)}\n" for path in sorted(excluded)]
    return _HEADER + "".join((*entries, *exclusions))


def _quoted(text: str) -> str:
    """Return a TOML string; a JSON string is one too."""
    return json.dumps(text, ensure_ascii=False)

"""`roadbed-baseline.toml`: how a service differed from its plan when it came under it.

Findings are shown and do not fail, so that a repository can follow the standards from its first day
and fix the rest later. Shared files of which the team has its own version, or none, are excluded
from updates. Only `roadbed adopt` writes the file, and it may only shrink.
"""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from roadbed.errors import UsageError

BASELINE_FILE = "roadbed-baseline.toml"
_HEADER = (
    "# How this repository differed from its plan when it came under it. Nothing is ever added.\n"
    "# `roadbed check` shows a finding and does not fail: delete the entry when it is fixed.\n"
    "# `roadbed update` leaves an excluded file alone: delete its entry when your file has the\n"
    "# platform's lines that it needs, and updates merge it from then on.\n"
)


def read_baseline(service: Path) -> frozenset[tuple[str, str]]:
    """The state and path of every finding on record; none where there is no file."""
    return frozenset((state, path) for state, path in _read(service, "finding", "state", "path"))


def read_excluded(service: Path) -> frozenset[str]:
    """The paths of shared files that updates leave alone."""
    return frozenset(path for (path,) in _read(service, "excluded", "path"))


def _read(service: Path, table: str, *keys: str) -> list[tuple[str, ...]]:
    place = service / BASELINE_FILE
    try:
        data = tomllib.loads(place.read_text(encoding="utf-8"))
        return [tuple(str(entry[key]) for key in keys) for entry in data.get(table, [])]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{place} cannot be read ({error}): restore it with `git checkout -- {BASELINE_FILE}`."
        ) from error


def baseline_text(findings: Iterable[tuple[str, str]], excluded: Iterable[str] = ()) -> str:
    """The text of a baseline with these states and paths, and the excluded paths."""
    entries = [
        f"\n[[finding]]\nstate = {_quoted(state)}\npath = {_quoted(path)}\n"
        for state, path in sorted(findings)
    ]
    left = [f"\n[[excluded]]\npath = {_quoted(path)}\n" for path in sorted(excluded)]
    return _HEADER + "".join((*entries, *left))


def _quoted(text: str) -> str:
    """A TOML string, which JSON's is as well."""
    return json.dumps(text, ensure_ascii=False)

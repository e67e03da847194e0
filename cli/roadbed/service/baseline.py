"""`roadbed-baseline.toml`: how a service differed from its plan when it came under it.

Findings are shown and do not fail, so that a repository can follow the standards from its first day
and mend the rest later. Files that the team and the platform would share, and the team has another
or none, are left apart by updates. Only `roadbed adopt` writes the file, and it may only shrink.
"""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from roadbed.errors import UsageError

BASELINE_FILE = "roadbed-baseline.toml"
_HEADER = (
    "# How this repository differed from its plan when it came under it. Nothing is ever added.\n"
    "# A finding is shown by `roadbed check` and does not fail: take it out when it is mended.\n"
    "# A file that is apart is left alone by `roadbed update`: take it out when yours has what it\n"
    "# needs of the platform's lines, and it is merged from then on.\n"
)


def read_baseline(service: Path) -> frozenset[tuple[str, str]]:
    """The state and path of every finding on record; none where there is no file."""
    return frozenset((state, path) for state, path in _read(service, "finding", "state", "path"))


def read_excluded(service: Path) -> frozenset[str]:
    """The paths of shared files that updates leave alone."""
    return frozenset(path for (path,) in _read(service, "apart", "path"))


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
    """The text of a baseline with these states and paths, and the paths of files left apart."""
    entries = [
        f"\n[[finding]]\nstate = {_quoted(state)}\npath = {_quoted(path)}\n"
        for state, path in sorted(findings)
    ]
    left = [f"\n[[apart]]\npath = {_quoted(path)}\n" for path in sorted(excluded)]
    return _HEADER + "".join((*entries, *left))


def _quoted(text: str) -> str:
    """A TOML string, which JSON's is as well."""
    return json.dumps(text, ensure_ascii=False)

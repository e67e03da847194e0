"""`roadbed-baseline.toml`: findings that were there when a service came under its plan.

They are shown and do not fail, so that a repository can follow the standards from its first day and
mend the rest later. Only `roadbed adopt` writes the file, and it may only shrink.
"""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from roadbed.errors import UsageError

BASELINE_FILE = "roadbed-baseline.toml"
_HEADER = (
    "# What `roadbed check` found when this repository came under its plan: shown, not failing.\n"
    "# Take an entry out when it is mended. Nothing is ever added.\n"
)


def read(service: Path) -> frozenset[tuple[str, str]]:
    """The state and path of every finding on record; none where there is no file."""
    place = service / BASELINE_FILE
    try:
        data = tomllib.loads(place.read_text(encoding="utf-8"))
        return frozenset((str(it["state"]), str(it["path"])) for it in data.get("finding", []))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{place} cannot be read ({error}): restore it with `git checkout -- {BASELINE_FILE}`."
        ) from error


def dump(findings: Iterable[tuple[str, str]]) -> str:
    """The text of a baseline with these states and paths."""
    entries = (
        f"\n[[finding]]\nstate = {_quoted(state)}\npath = {_quoted(path)}\n"
        for state, path in sorted(findings)
    )
    return _HEADER + "".join(entries)


def _quoted(text: str) -> str:
    """A TOML string, which JSON's is as well."""
    return json.dumps(text, ensure_ascii=False)

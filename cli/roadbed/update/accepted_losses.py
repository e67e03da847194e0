"""`.roadbed-accepted.toml`: the losses of updates that the team accepted."""

import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

from roadbed.errors import UsageError, write_error
from roadbed.update.losses import Loss

ACCEPTED_FILE = ".roadbed-accepted.toml"
_HEADER = (
    "# Losses of an update that the team accepted (`roadbed lost-edits --accept FILE`).\n"
    "# Commit this file with the update; you can delete it when that is merged.\n"
)


def fingerprint(loss: Loss) -> str:
    """Return the short hash that identifies a loss in the file."""
    content = json.dumps([loss.path, loss.description, *loss.lines])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def read_accepted(folder: Path) -> set[str]:
    """Return the fingerprints of the accepted losses; raises UsageError for a broken file."""
    try:
        data = tomllib.loads((folder / ACCEPTED_FILE).read_text(encoding="utf-8"))
        return {str(entry["fingerprint"]) for entry in data.get("accepted", [])}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{folder / ACCEPTED_FILE} cannot be read ({error}): delete it, and accept again with "
            "`roadbed lost-edits --accept FILE`."
        ) from error


def record_accepted(
    folder: Path, losses: Sequence[Loss], paths: Sequence[str], version: str
) -> None:
    """Add the losses of these paths, in an update from `version`, to the file.

    Raises UsageError for a path that lost nothing, CouldNotRunError when the file cannot be
    written.
    """
    names = sorted({loss.path for loss in losses})
    for path in paths:
        if path not in names:
            raise UsageError(
                f"{path} lost nothing in this update, so there is nothing to accept: name one of "
                f"{', '.join(names) or 'none'}."
            )
    known = read_accepted(folder)
    entries = [
        _entry(loss, version)
        for loss in losses
        if loss.path in paths and fingerprint(loss) not in known
    ]
    place = folder / ACCEPTED_FILE
    try:
        text = place.read_text(encoding="utf-8") if place.exists() else _HEADER
        place.write_text(text + "".join(entries), encoding="utf-8")
    except OSError as error:
        raise write_error(error, str(place)) from error


def _entry(loss: Loss, version: str) -> str:
    return (
        f"\n[[accepted]]\npath = {_quoted(loss.path)}\nupdated_from = {_quoted(version)}\n"
        f"description = {_quoted(str(loss))}\nfingerprint = {_quoted(fingerprint(loss))}\n"
    )


def _quoted(text: str) -> str:
    """Return a TOML string (a JSON string is one); bytes that are not UTF-8 become escapes."""
    return json.dumps(text.encode(errors="backslashreplace").decode(), ensure_ascii=False)

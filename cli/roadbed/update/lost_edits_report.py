"""The report of `roadbed lost-edits`, for people and for machines."""

import shlex
from pathlib import Path

from roadbed.update.lost_edits import LostEdits


def as_text(edits: LostEdits) -> list[str]:
    """Return the lines of the report for people."""
    if edits.old is None:
        return [f"No update since {edits.base}, so there is nothing to compare."]
    title = f"{edits.old} → {edits.new}"
    lines = [f"  accepted: {loss.path}: {loss}" for loss in edits.accepted]
    if not edits.lost:
        return [f"{title}: no edits of the team are lost.", *lines]
    lines += [line for loss in edits.lost for line in loss.lines_for_people()]
    folder = "" if edits.folder == Path() else f" {shlex.quote(str(edits.folder))}"
    return [
        f"{title}: these edits of the team are lost:",
        *lines,
        "",
        "To restore a file as it was, or to accept its loss (FILE as above):",
        f"  git{folder and f' -C{folder}'} restore --source {shlex.quote(edits.base)} -- FILE",
        f"  roadbed lost-edits{folder}{_since(edits.base)} --accept FILE",
    ]


def _since(base: str) -> str:
    return "" if base == "HEAD" else f" --base {shlex.quote(base)}"


def as_data(edits: LostEdits) -> dict[str, object]:
    """Return the report's own keys of the JSON document."""
    return {
        "base": edits.base,
        "from": edits.old,
        "to": edits.new,
        "lost": [loss.data() for loss in edits.lost],
        "accepted": [loss.data() for loss in edits.accepted],
    }

"""The report of an adoption or a dry run, for people at 80 columns and for machines."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from roadbed import terminal
from roadbed.service.answers import ANSWERS_FILE
from roadbed.service.baseline import BASELINE_FILE
from roadbed.update.adopt import Adoption


def as_text(adoption: Adoption, compare: Sequence[str], *, written: bool) -> list[str]:
    """Return the report for people: answers, added files, recorded differences and next commands.

    `compare` are commands that compare the team's files with the plan's.
    """
    answers, name = adoption.answers, adoption.repository.folder.name
    rows = [(f"{key}:", value) for key, value in answers.values.items() if isinstance(value, str)]
    is_, are_added = ("is", "were added") if written else ("would be", "would be added")
    return [
        f"{name} {is_} a {answers.plan}, at {adoption.pending.new}.",
        *terminal.layout(rows),
        *_lost(adoption),
        "",
        f"{len(adoption.pending.after)} files {are_added}, and none of yours changes.",
        *_recorded(adoption),
        *_remaining(compare),
        *(_next(adoption) if written else _then()),
    ]


def as_data(adoption: Adoption, saved: Sequence[Path] = (), *, written: bool) -> dict[str, object]:
    """Return the adoption's own keys of the JSON document.

    `saved` are the copies of files that were edited during the adoption.
    """
    return {
        "to": adoption.pending.new,
        "written": written,
        "answers": dict(adoption.answers.values),
        "added": sorted(adoption.pending.after),
        "findings": [{"path": path, "state": state} for state, path in adoption.differing],
        "excluded": list(adoption.excluded),
        "files_to_compare": list(adoption.plan_files),
        "answers_deleted_in": adoption.lost_in or None,
        "saved": [str(place) for place in saved],
    }


def _lost(adoption: Adoption) -> list[str]:
    if not adoption.lost_in:
        return []
    command = f"git checkout {adoption.lost_in}^ -- {ANSWERS_FILE}"
    return [
        "",
        f"Commit {adoption.lost_in} deleted an answers file. If it is this service's, it is more",
        "reliable than guesses: undo the adoption, and restore the file with",
        f"  {command}",
    ]


def _recorded(adoption: Adoption) -> list[str]:
    lines = [f"  {path}: {state}" for state, path in adoption.differing]
    lines += [f"  {path}: excluded from updates" for path in adoption.excluded]
    return ["", f"Recorded in {BASELINE_FILE}, so `roadbed check` passes:", *lines] if lines else []


def _remaining(compare: Sequence[str]) -> list[str]:
    if not compare:
        return []
    return [
        "",
        "Left for you: compare your files with the plan's, and copy the missing ones that you",
        "want.",
        *(f"  {command}" for command in compare),
    ]


def _then() -> list[str]:
    return ["", "Nothing is written yet. Without --dry-run this would be written."]


def _next(adoption: Adoption) -> list[str]:
    message = f"Follow the platform, {adoption.pending.new}"
    commands = [
        *adoption.repository.cd_commands(),
        "git diff --cached --stat",
        "roadbed check",
        f"git commit -m {shlex.quote(message)}",
    ]
    title = "Next (`roadbed update --abort` undoes it):"
    return ["", title, *(f"  {command}" for command in commands)]

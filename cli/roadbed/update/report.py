"""The report of an update or a dry run, for people at 80 columns and for machines."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from roadbed import terminal
from roadbed.errors import Exit
from roadbed.releases import notes
from roadbed.releases.report import notes_as_text
from roadbed.service.answers import ANSWERS_FILE
from roadbed.service.baseline import BASELINE_FILE
from roadbed.toolchain import uv
from roadbed.update.changes import Change
from roadbed.update.journal import Record
from roadbed.update.merge import MANAGED
from roadbed.update.prepare import Update

_MANY = 6  # files of one kind are listed by name up to here
_LABELS = {
    "changed": "changed",
    "added": "new",
    "removed": "removed",
    "restored": "restored",
    "merged": "both sides' lines",
    "diverged": "both sides' lines; diverged",
    "conflict": "conflict",
}
_ADVICE = {
    MANAGED: "this file is the platform's: keep its lines and move yours elsewhere "
    "(.roadbed/README.md), or make the file yours with `roadbed eject`",
    "": "keep the intent of both sides, remove the markers, then `git add` it",
}
_DELETED = "one side deleted it and the other changed it: `git add` keeps it, `git rm` deletes it"


def as_text(
    update: Update, compare: Sequence[str] = (), news: Sequence[str] = (), *, written: bool
) -> list[str]:
    """Return the report for people: changes, conflicts, lost edits, and the commands to type next.

    `compare` are commands that compare the team's files with the plan's. `news` are commands that
    show the new version's changes of merged files that the team excluded from updates.
    """
    if not update.changes:
        return [*_moved(update), _nothing(update)]
    return [
        *_moved(update),
        f"{update.repository.folder.name}: {_title(update)}",
        *_files(update.changes),
        *_remarks(update),
        *_questions(update.questions),
        *_notes(update),
        *_conflicts(update),
        *_losses(update),
        *_commands(
            "These files are yours and stay; compare them with those of a new hybrid:", compare
        ),
        *_commands(f"Excluded from updates ({BASELINE_FILE}); see the platform's changes:", news),
        *(_next(update) if written else _then(update)),
    ]


def as_data(
    update: Update, saved: Sequence[Path] = (), trouble: str = "", *, written: bool
) -> dict[str, object]:
    """Return the update's own keys of the JSON document.

    `saved` are the copies of files that were edited during the update; `trouble` is why uv.lock
    could not be written.
    """
    return {
        "from": update.old,
        "to": update.new,
        "written": written,
        "tag_moved": update.moved,
        "changes": [vars(change) for change in update.changes],
        "conflicts": [
            {"path": path, "advice": _advice(update, path), "stages": _stages(update, path)}
            for path in update.merged.conflicts
        ],
        "lost": [loss.data() for loss in update.losses],
        "new_questions": dict(update.questions),
        "files_to_compare": list(update.plan_files),
        "excluded": list(update.excluded),
        "notes": [
            {"version": release.version, "changes": [_note(change) for change in release.changes]}
            for release in update.notes
        ],
        "saved": [str(place) for place in saved],
        "lock_error": trouble or None,
    }


def _stages(update: Update, path: str) -> dict[str, str]:
    """Return the blob ids of a file's versions: 1 the base, 2 the team's, 3 the template's."""
    return {stage.number: stage.entry.blob for stage in update.merged.stages if stage.path == path}


def _title(update: Update) -> str:
    if update.plan != update.answers.plan:
        return f"{update.answers.plan} → {update.plan}, {update.new}"
    return f"{update.old} → {update.new}"


def _note(change: notes.Change) -> dict[str, str]:
    return {"kind": change.kind, "summary": change.summary, "do": change.do}


def _nothing(update: Update) -> str:
    if update.old == update.new:
        return f"{update.repository.folder.name} is at {update.new}: there is nothing to update."
    return (
        f"{update.new} changes nothing for {update.repository.folder.name}, so nothing was written."
    )


def _moved(update: Update) -> list[str]:
    if not update.moved:
        return []
    return [
        f"The tag {update.old} of {update.answers.source} was moved since this service recorded",
        f"it. The update starts from the recorded commit, {update.answers.commit[:10]}.",
        "",
    ]


def _files(changes: Sequence[Change]) -> list[str]:
    kinds = Counter((change.owner, change.action) for change in changes)
    few = {kind for kind, number in kinds.items() if number <= _MANY or "conflict" in kind}
    listed = [
        change
        for change in changes
        if (change.owner, change.action) in few and change.path != ANSWERS_FILE
    ]
    rows = [(change.owner, change.path, _LABELS[change.action]) for change in listed]
    many = [
        (owner, f"{number} files", _LABELS[action])
        for (owner, action), number in kinds.items()
        if (owner, action) not in few
    ]
    return terminal.layout([*many, *rows]) if many or rows else []


def _remarks(update: Update) -> list[str]:
    """Return merge-ort's messages about renames, and about conflicts that have no stages."""
    listed = set(update.merged.conflicts)
    texts = [
        message.text
        for message in update.merged.messages
        if message.kind != "Auto-merging" and not listed & set(message.paths)
    ]
    return [line for text in texts for line in terminal.wrapped(text, "  ")]


def _questions(questions: Mapping[str, object]) -> list[str]:
    if not questions:
        return []
    rows = [(f"{key}:", str(value)) for key, value in questions.items()]
    title = "New questions, answered with their defaults (-d key=value changes one):"
    return ["", title, *terminal.layout(rows)]


def _notes(update: Update) -> list[str]:
    text = notes_as_text(update.notes)
    return ["", *text.splitlines()] if text else []


def _commands(title: str, commands: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {command}" for command in commands)] if commands else []


def _conflicts(update: Update) -> Iterator[str]:
    conflicts = update.merged.conflicts
    if conflicts:
        yield ""
        yield f"{len(conflicts)} to resolve by hand:"
    for path in conflicts:
        yield f"  {path}"
        yield from terminal.wrapped(_advice(update, path), "    ")


def _advice(update: Update, path: str) -> str:
    kinds = {message.kind for message in update.merged.messages if path in message.paths}
    if kinds & {"CONFLICT (modify/delete)", "CONFLICT (rename/delete)"}:
        return _DELETED
    owner = next((change.owner for change in update.changes if change.path == path), "")
    return _ADVICE.get(owner, _ADVICE[""])


def _losses(update: Update) -> Iterator[str]:
    if update.losses:
        yield ""
        yield "Lines of yours that the result does not have:"
    for loss in update.losses:
        yield from loss.lines_for_people()


def _then(update: Update) -> list[str]:
    """Return the last lines of a dry run's report."""
    word = {Exit.FINE: "", Exit.CONFLICTS: " with conflicts", Exit.LOST_EDITS: " and lose edits"}
    return [
        "",
        f"Nothing is written yet. Without --dry-run this would be written{word[update.exit_code]}.",
    ]


def _next(update: Update) -> list[str]:
    commands = [
        *update.repository.cd_commands(),
        *uv.path_commands(),
        *(["git status"] if not update.merged.clean else []),
        "git diff --cached",
        "uv sync",
        "uv run just generate",
        "uv run just test",
        "git add -A",
        f"git commit -m {shlex.quote(_message(update))}",
    ]
    return [
        "",
        "Next (`roadbed update --abort` undoes it):",
        *(f"  {command}" for command in commands),
    ]


def _message(update: Update) -> str:
    grown = update.plan != update.answers.plan
    return f"Grow into a {update.plan}" if grown else f"Update the platform to {update.new}"


def forgotten(record: Record) -> list[str]:
    """Return the message for an interrupted update that was followed by a commit."""
    began = record.head[:10]
    return terminal.wrapped(
        f"The update to {record.new} is forgotten, and nothing was written: it was interrupted at "
        f"commit {began}, and later commits may hold a part of it. Compare with "
        f"`git diff {began}`, and use git to go back if necessary.",
        "",
    )


def saved(places: Sequence[Path]) -> list[str]:
    """Return the message that lists copies of files that were edited during the update."""
    if not places:
        return []
    title = "These files were edited during the update; your edits are saved in:"
    return [title, *(f"  {place}" for place in places)]

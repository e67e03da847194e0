"""What an update did, or would do, for people at 80 columns and for machines."""

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
_SAID = {
    "changed": "changed",
    "added": "new",
    "removed": "dropped",
    "restored": "back again",
    "merged": "both sides' lines",
    "diverged": "both sides' lines; diverged",
    "conflict": "conflict",
}
_ADVICE = {
    MANAGED: "it is the platform's: keep its lines and take yours elsewhere (.roadbed/README.md), "
    "or make the file yours with `roadbed eject`",
    "": "keep what both sides mean, take out the markers, then `git add` it",
}
_GONE = "one side dropped it and the other changed it: `git add` keeps it, `git rm` drops it"


def as_text(
    update: Update, compare: Sequence[str] = (), news: Sequence[str] = (), *, written: bool
) -> list[str]:
    """The report for people: what changes, what conflicts or is lost, and what to type next.

    Commands show what the plan has where the team's own stays (`compare`), and what the version
    changes in shared files that the team keeps apart (`news`).
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
        *_beside("These are yours and stay; see what a new hybrid has there:", compare),
        *_beside(f"Yours are apart ({BASELINE_FILE}); see what is new in the platform's:", news),
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
    """git's ids of a file's versions: 1 both sides' old one, 2 the team's, 3 the template's."""
    return {it.number: it.entry.blob for it in update.merged.stages if it.path == path}


def _title(update: Update) -> str:
    if update.plan != update.answers.plan:
        return f"{update.answers.plan} → {update.plan}, {update.new}"
    return f"{update.old} → {update.new}"


def _note(change: notes.Change) -> dict[str, str]:
    return {"kind": change.kind, "summary": change.summary, "do": change.do}


def _nothing(update: Update) -> str:
    if update.old == update.new:
        return f"{update.repository.folder.name} is at {update.new}, and nothing is to be done."
    return (
        f"{update.new} changes nothing for {update.repository.folder.name}, so nothing was written."
    )


def _moved(update: Update) -> list[str]:
    if not update.moved:
        return []
    return [
        f"The tag {update.old} of {update.answers.source} names another commit than when this",
        f"service was made from it ({update.answers.commit[:10]}); it is compared with that one.",
        "",
    ]


def _files(changes: Sequence[Change]) -> list[str]:
    kinds = Counter((change.owner, change.action) for change in changes)
    few = {kind for kind, number in kinds.items() if number <= _MANY or "conflict" in kind}
    listed = [it for it in changes if (it.owner, it.action) in few and it.path != ANSWERS_FILE]
    rows = [(it.owner, it.path, _SAID[it.action]) for it in listed]
    many = [
        (owner, f"{number} files", _SAID[action])
        for (owner, action), number in kinds.items()
        if (owner, action) not in few
    ]
    return terminal.layout([*many, *rows]) if many or rows else []


def _remarks(update: Update) -> list[str]:
    """What merge-ort did with renames, which nobody would guess, and what it could not do."""
    listed = set(update.merged.conflicts)
    texts = [
        it.text
        for it in update.merged.messages
        if it.kind != "Auto-merging" and not listed & set(it.paths)
    ]
    return [line for text in texts for line in terminal.wrapped(text, "  ")]


def _questions(questions: Mapping[str, object]) -> list[str]:
    if not questions:
        return []
    rows = [(f"{key}:", str(value)) for key, value in questions.items()]
    title = "New questions, answered by default (-d key=value answers otherwise):"
    return ["", title, *terminal.layout(rows)]


def _notes(update: Update) -> list[str]:
    text = notes_as_text(update.notes)
    return ["", *text.splitlines()] if text else []


def _beside(title: str, commands: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {command}" for command in commands)] if commands else []


def _conflicts(update: Update) -> Iterator[str]:
    conflicts = update.merged.conflicts
    if conflicts:
        yield ""
        yield f"{len(conflicts)} to settle by hand:"
    for path in conflicts:
        yield f"  {path}"
        yield from terminal.wrapped(_advice(update, path), "    ")


def _advice(update: Update, path: str) -> str:
    kinds = {it.kind for it in update.merged.messages if path in it.paths}
    if kinds & {"CONFLICT (modify/delete)", "CONFLICT (rename/delete)"}:
        return _GONE
    owner = next((it.owner for it in update.changes if it.path == path), "")
    return _ADVICE.get(owner, _ADVICE[""])


def _losses(update: Update) -> Iterator[str]:
    if update.losses:
        yield ""
        yield "What you wrote and is nowhere in the result:"
    for loss in update.losses:
        yield from loss.lines_for_people()


def _then(update: Update) -> list[str]:
    """What a dry run says at its end."""
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
        "Next (`roadbed update --abort` takes it all back):",
        *(f"  {it}" for it in commands),
    ]


def _message(update: Update) -> str:
    grown = update.plan != update.answers.plan
    return f"Grow into a {update.plan}" if grown else f"Update the platform to {update.new}"


def forgotten(record: Record) -> list[str]:
    """What is said of an interrupted update after which something was committed."""
    began = record.head[:10]
    return terminal.wrapped(
        f"The update to {record.new} is forgotten, and nothing was written: it was interrupted at "
        f"commit {began}, and what was committed since may hold half of it. Compare with "
        f"`git diff {began}`, and go back with git if you have to.",
        "",
    )


def saved(places: Sequence[Path]) -> list[str]:
    """Where edits were saved that somebody made while the update was being written."""
    if not places:
        return []
    title = "Edited while the update was under way, and saved as it was:"
    return [title, *(f"  {place}" for place in places)]

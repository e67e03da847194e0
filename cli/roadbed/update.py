"""`roadbed update`: a newer version of the template for a service, and nothing of the team's lost.

`prepared` works out everything without writing to the service; `journal.write` then writes it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from roadbed import (
    answers,
    audit,
    growth,
    journal,
    merge,
    mirror,
    notes,
    output,
    questionnaire,
    rendered,
    repository,
    uv,
)
from roadbed.answers import ANSWERS_FILE, Answers
from roadbed.audit import Loss
from roadbed.errors import Exit, UsageError
from roadbed.merge import MANAGED, Merged, Sides
from roadbed.mirror import Mirror
from roadbed.notes import Release
from roadbed.objects import Entry, Store, scratch
from roadbed.rendered import Rendered, Wanted
from roadbed.repository import Repository
from roadbed.sources import QUESTIONS_FILE
from roadbed.worktree import Bytes

LOCK = "uv.lock"
_MOVED_BY_VERSION = ("_commit", "_commit_hash")
_ADDED_BY_TEMPLATE = {"recorded"}  # in the answers file, and no question
_FOR_COMMANDS = {"ejected"}  # a question that `roadbed eject` answers, and nobody is asked


@dataclass(frozen=True)
class Order:
    """What to update: a service's folder, to a version (default: the newest), with new answers.

    `source` is the template's new address, if it moved. With `half`, the service grows: it stays
    at its version, and the seeds of the half that the answers bring arrive.
    """

    folder: Path
    to: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    half: bool = False


@dataclass(frozen=True)
class Change:
    """A file that an update changes: who owns it, and what happens to it."""

    path: str
    owner: str
    action: str


@dataclass(frozen=True)
class Update:
    """An update worked out: from which version to which, and what it does.

    `plan` is that of the service afterwards. `moved` says that the recorded tag names another
    commit by now; `questions` are answered for the first time, by their defaults; `notes` are what
    the versions between mean for this service; `beside` is what the new plan has where
    the team's own stays.
    """

    found: Repository
    old: str
    new: str
    given: Answers
    plan: str
    changes: tuple[Change, ...]
    merged: Merged
    losses: tuple[Loss, ...]
    questions: Mapping[str, object]
    moved: bool
    notes: tuple[Release, ...]
    draft: journal.Draft
    beside: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def exit_code(self) -> Exit:
        """4 when something of the team's would be lost, 3 when something conflicts."""
        if self.losses:
            return Exit.LOST_EDITS
        return Exit.FINE if self.merged.clean else Exit.CONFLICTS


@dataclass(frozen=True)
class _Ends:
    """The two versions of an update, as commits of the template."""

    mirror: Mirror
    old: str
    new: str


@contextmanager
def prepared(order: Order) -> Iterator[tuple[Update, Store]]:
    """The update that the order means, and the store that holds its objects while the block lasts.

    Raises UsageError and CouldNotRunError for whatever stands in the way; nothing was written then.
    """
    given = answers.read(order.folder)
    found = repository.opened(order.folder)
    journal.require_none(found)
    repository.require_ready(found)
    ends = _ends(given, order)
    _require_sound(found, given, ends)
    recorded = (found.folder / ANSWERS_FILE).read_text(encoding="utf-8")
    was = Wanted(ends.mirror, ends.old, recorded, {})
    wanted = Wanted(ends.mirror, ends.new, recorded, order.answers)
    plan = order.answers.get("plan", given.plan)
    old = rendered.platform(was, given.plan, from_whole=order.half)
    new = rendered.platform(wanted, plan, from_whole=order.half)
    _require_kept(given, old, new, order)
    before = found.files()
    repository.require_folders(before, new.entries)
    grown = growth.of(was, wanted, before, new.owners) if order.half else growth.NONE
    with scratch([found.objects, *rendered.objects(ends.mirror)]) as store:
        sides = Sides(before, old, new, grown.seeds)
        work = _worked_out(found, given, sides, ends, store)
        yield replace(work, beside=grown.beside), store


def relock(found: Repository) -> str:
    """Make uv.lock anew and stage it; returns what went wrong, or nothing. uv keeps old pins."""
    trouble = uv.lock(found.folder)
    if not trouble:
        found.git("add", "--", LOCK)
    return trouble


def _ends(given: Answers, order: Order) -> _Ends:
    of = mirror.opened(order.source or given.source, given.commit)
    old = of.commit(given.commit or given.version)
    if old is None:
        raise UsageError(
            f"{of.url} does not have version {given.version} ({given.commit or 'no commit'}), "
            "which this service records: is the template older than the service, or did it move? "
            "Name its address with --source."
        )
    if order.half:
        return _Ends(of, old, old)
    named = order.to or of.newest() or mirror.HEAD
    new = mirror.require_commit(of, named, "--to")
    if new != old and of.is_ancestor(new, old):
        if order.to:
            raise UsageError(
                f"{named} is older than {given.version}, which this service has: an update only "
                "goes forward; to go back, revert its commit."
            )
        new = old
    return _Ends(of, old, new)


def _require_sound(found: Repository, given: Answers, ends: _Ends) -> None:
    text = ends.mirror.show(ends.old, QUESTIONS_FILE) or b""
    asked = questionnaire.parse(text.decode(errors="replace"), ends.mirror.url)
    for key, value in given.values.items():
        fault = "" if key in _ADDED_BY_TEMPLATE else asked.fault(key, value)
        if fault:
            raise answers.broken(found.folder / ANSWERS_FILE, fault)


def _require_kept(given: Answers, old: Rendered, new: Rendered, order: Order) -> None:
    """Raise UsageError where Copier would quietly put a default in the place of an answer."""
    for key, answer in order.answers.items():
        if key not in new.answers.values:
            raise UsageError(
                f"A {new.answers.plan} is not asked {key!r}: leave out -d {key}={answer}."
            )
    for key, value in given.values.items():
        for version in (old, new):
            kept = version.answers.values.get(key, value)
            if kept != value and key not in {*order.answers, *_ADDED_BY_TEMPLATE}:
                raise UsageError(
                    f"{ANSWERS_FILE} records {value!r} for {key!r}, which "
                    f"{version.answers.version} of the template refuses: answer it with "
                    f"-d {key}=…, or restore the file with `git checkout -- {ANSWERS_FILE}`."
                )


def _worked_out(
    found: Repository, given: Answers, sides: Sides, ends: _Ends, store: Store
) -> Update:
    old, new = given.version, ends.mirror.named(ends.new)
    merged = merge.merge(store, sides, new)
    changed = _changed(sides, merged, given)
    repository.require_seen(found, (path for path in sides.new.entries if path in merged.after))
    repository.require_free(found, sides.before, merged.after)
    repository.require_unedited(found, sides.before, changed)
    tag = ends.mirror.commit(f"refs/tags/{old}")
    return Update(
        found,
        old,
        new,
        given,
        sides.new.answers.plan,
        tuple(_change(path, sides, merged) for path in sorted(changed)),
        merged,
        _losses(store, sides, changed),
        _new_questions(given, sides.new),
        moved=tag is not None and tag != ends.old,
        notes=_notes(ends, sides.new.answers),
        draft=journal.Draft(old, new, changed, merged.stages, _remade(sides, merged, changed)),
    )


def _changed(sides: Sides, merged: Merged, given: Answers) -> dict[str, Entry | None]:
    """What differs from the service as it is; nothing, where only the version's name would."""
    before, after = sides.before, merged.after
    found = {
        path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)
    }
    if set(found) == {ANSWERS_FILE} and not _says_more(sides.new.answers, given):
        return {}
    return found


def _says_more(new: Answers, given: Answers) -> bool:
    """Whether an answer that the team knows of, or the template's address, is another one now."""
    same = all(new.values.get(key) == value for key, value in given.values.items())
    return not same or new.source != given.source


def _change(path: str, sides: Sides, merged: Merged) -> Change:
    return Change(path, sides.owner(path), _action(path, sides, merged))


def _action(path: str, sides: Sides, merged: Merged) -> str:
    before, after = sides.before.get(path), merged.after.get(path)
    if path in merged.conflicts:
        return "conflict"
    edited = "diverged" if sides.owner(path) == MANAGED else "merged"
    if before is None and after != sides.new.entries.get(path, after):
        return edited  # a file that the template renamed and the team had edited
    if before is None:
        return "restored" if path in sides.old.entries else "added"
    if after is None:
        return "removed"
    if path == ANSWERS_FILE or before == sides.old.entries.get(path):
        return "changed"
    return edited


def _losses(store: Store, sides: Sides, changed: Mapping[str, Entry | None]) -> tuple[Loss, ...]:
    paths = set(changed) - {ANSWERS_FILE}
    base, before, after = (
        _contents(store, {path: side[path] for path in paths if side.get(path)})
        for side in (sides.old.entries, sides.before, changed)
    )
    return audit.losses(base, before, after)


def _contents(store: Store, entries: Mapping[str, Entry | None]) -> dict[str, Bytes]:
    known = {path: it for path, it in entries.items() if it}
    texts = store.read(it.blob for it in known.values())
    return {path: Bytes(it.mode, texts[it.blob]) for path, it in known.items()}


def _notes(ends: _Ends, given: Answers) -> tuple[Release, ...]:
    """What the versions between change for a service with these answers, oldest first."""
    store = ends.mirror.store
    try:
        told = notes.between(notes.at(store, ends.old), notes.at(store, ends.new))
    except UsageError as error:  # notes in a later format must not stop an update
        output.note(str(error))
        return ()
    return tuple(notes.applying(told, given.values))


def _new_questions(given: Answers, new: Rendered) -> dict[str, object]:
    known = {*given.values, *_ADDED_BY_TEMPLATE, *_FOR_COMMANDS}
    return {key: value for key, value in new.answers.values.items() if key not in known}


def _remade(sides: Sides, merged: Merged, changed: Mapping[str, object]) -> tuple[str, ...]:
    """uv.lock, where what it locks has changed and can be read."""
    projects = {path for path in changed if path.split("/")[-1] == "pyproject.toml"}
    if not projects or LOCK not in sides.before or projects & set(merged.conflicts):
        return ()
    return (LOCK,)

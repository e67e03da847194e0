"""`roadbed update`: a newer version of the template for a service, and nothing of the team's lost.

`prepared` works out everything without writing to the service; `writing.write` then writes it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from roadbed import terminal as output
from roadbed.drift import compare as drift
from roadbed.errors import Exit, UsageError
from roadbed.git import repository
from roadbed.git.objects import Entry, Store, scratch
from roadbed.git.repository import Repository
from roadbed.releases import notes
from roadbed.releases.notes import Release
from roadbed.service import answers
from roadbed.service.answers import ANSWERS_FILE, Answers
from roadbed.template import files as rendered
from roadbed.template import mirror
from roadbed.template import questions as questionnaire
from roadbed.template.files import Rendered, Wanted
from roadbed.template.mirror import Mirror
from roadbed.template.questions import Questionnaire
from roadbed.template.source import QUESTIONS_FILE
from roadbed.toolchain import uv
from roadbed.update import changes, growth, journal, merge
from roadbed.update import excluded as apart
from roadbed.update.changes import LOCK, Change
from roadbed.update.losses import Loss
from roadbed.update.merge import Merged, Sides

_ADDED_BY_TEMPLATE = {"recorded"}  # in the answers file, and no question
_FOR_COMMANDS = {"ejected"}  # a question that `roadbed eject` answers, and nobody is asked


@dataclass(frozen=True)
class Order:
    """What to update: a service's folder, to a version (default: the newest), with new answers.

    `source` is the template's new address, if it moved. With `half`, the service grows: it stays
    at its version, and the seeds of the half that the answers bring arrive. A `dry_run` is
    never written, so it may be made of a work tree with edits, and of a detached HEAD.
    """

    folder: Path
    to: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    half: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Update:
    """An update worked out: from which version to which, and what it does.

    `plan` is that of the service afterwards. `moved` says that the recorded tag names another
    commit by now; `questions` are answered for the first time, by their defaults; `notes` are what
    the versions between mean for this service; `beside` is what the new plan has where
    the team's own stays; `apart` is what both versions have in shared files that lie apart.
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
    apart: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)

    @property
    def exit_code(self) -> Exit:
        """4 when something of the team's would be lost, 3 when something conflicts."""
        return self.draft.ending


@dataclass(frozen=True)
class _Ends:
    """What an update goes from and to: the two versions as commits of the template."""

    order: Order
    given: Answers
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
    if not order.dry_run:
        repository.require_ready(found)
    ends = _ends(given, order)
    _asked(ends, ends.new).require_known(order.answers)
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
        sides = Sides(
            before,
            old,
            new,
            grown.seeds,
            apart.paths(found, before, old),
            _leftovers(found, before, (old, new)),
        )
        work = _worked_out(found, ends, sides, store)
        yield replace(work, beside=grown.beside, apart=apart.changes(sides, store)), store


def relock(found: Repository) -> str:
    """Make uv.lock anew and stage it; returns what went wrong, or nothing. uv keeps old pins."""
    trouble = uv.lock(found.folder)
    if not trouble:
        found.git("add", "--", LOCK)
    return trouble


def _leftovers(
    found: Repository, before: Mapping[str, Entry], versions: tuple[Rendered, Rendered]
) -> dict[str, Entry]:
    """Return unedited managed files of an earlier version that neither of the two `versions` has.

    Plain `copier recopy` leaves them, as it deletes nothing.
    """
    _, new = versions
    unknown = {
        path: entry
        for path, entry in before.items()
        if new.owners.classify(path) == merge.MANAGED
        and not any(path in version.entries for version in versions)
    }
    named = drift.named_before(found.folder) if unknown else set()
    return {path: entry for path, entry in unknown.items() if (path, entry.blob) in named}


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
        return _Ends(order, given, of, old, old)
    named = order.to or of.newest() or mirror.HEAD
    new = mirror.require_commit(of, named, "--to")
    if new != old and of.is_ancestor(new, old):
        if order.to:
            raise UsageError(
                f"{named} is older than {given.version}, which this service has: an update only "
                "goes forward; to go back, revert its commit."
            )
        new = old
    return _Ends(order, given, of, old, new)


def _asked(ends: _Ends, commit: str) -> Questionnaire:
    text = ends.mirror.show(commit, QUESTIONS_FILE) or b""
    return questionnaire.parse(text.decode(errors="replace"), ends.mirror.url)


def _require_sound(found: Repository, given: Answers, ends: _Ends) -> None:
    asked = _asked(ends, ends.old)
    for key, value in given.values.items():
        fault = "" if key in _ADDED_BY_TEMPLATE else asked.fault(key, value)
        if fault:
            raise answers.broken(found.folder / ANSWERS_FILE, fault)


def _require_kept(given: Answers, old: Rendered, new: Rendered, order: Order) -> None:
    """Raise UsageError where Copier would quietly put a default in the place of an answer."""
    if not order.half and new.answers.plan != given.plan:
        raise UsageError(
            f"An update keeps the plan: run `roadbed grow {new.answers.plan}`, which brings the "
            "other half along."
        )
    answers.require_asked(new.answers, order.answers)
    for key, value in given.values.items():
        for version in (old, new):
            kept = version.answers.values.get(key, value)
            if kept != value and key not in {*order.answers, *_ADDED_BY_TEMPLATE}:
                raise UsageError(
                    f"{ANSWERS_FILE} records {value!r} for {key!r}, which "
                    f"{version.answers.version} of the template refuses: answer it with "
                    f"-d {key}=…, or restore the file with `git checkout -- {ANSWERS_FILE}`."
                )


def _worked_out(found: Repository, ends: _Ends, sides: Sides, store: Store) -> Update:
    given = ends.given
    old, new = given.version, ends.mirror.named(ends.new)
    merged = merge.merge(store, sides, new)
    changed = changes.written(sides, merged)
    if merged.clean and set(changed) == {ANSWERS_FILE} and not _says_more(ends, sides.new.answers):
        changed = {}  # but the version's name
    repository.require_seen(found, (path for path in sides.new.entries if path in merged.after))
    repository.require_free(found, sides.before, merged.after)
    tag = ends.mirror.commit(f"refs/tags/{old}")
    lost = changes.losses(store, sides, changed)
    ending = Exit.LOST_EDITS if lost else Exit.FINE if merged.clean else Exit.CONFLICTS
    remade = changes.remade(sides, merged, changed)
    return Update(
        found,
        old,
        new,
        given,
        sides.new.answers.plan,
        changes.listed(sides, merged, changed),
        merged,
        lost,
        _new_questions(ends, sides.new),
        moved=tag is not None and tag != ends.old,
        notes=_notes(ends, sides.new.answers),
        draft=journal.Draft(old, new, changed, merged.stages, remade, ending),
    )


def _says_more(ends: _Ends, new: Answers) -> bool:
    """Whether an answer that the team knows of, or the template's address, is another one now."""
    asked = {*ends.given.values, *ends.order.answers}
    same = all(new.values.get(key) == ends.given.values.get(key) for key in asked)
    return not same or new.source != ends.given.source


def _notes(ends: _Ends, given: Answers) -> tuple[Release, ...]:
    """What the versions between change for a service with these answers, oldest first."""
    store = ends.mirror.store
    try:
        told = notes.between(notes.at(store, ends.old), notes.at(store, ends.new))
    except UsageError as error:  # notes in a later format must not stop an update
        output.note(f"The release notes are left out: {error}")
        return ()
    return tuple(notes.applying(told, given.values))


def _new_questions(ends: _Ends, new: Rendered) -> dict[str, object]:
    """The questions that nobody has answered, with the defaults that answer them."""
    known = {*ends.given.values, *ends.order.answers, *_ADDED_BY_TEMPLATE, *_FOR_COMMANDS}
    return {key: value for key, value in new.answers.values.items() if key not in known}

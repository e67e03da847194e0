"""`roadbed update`: a newer version of the template for a service, and nothing of the team's lost.

`prepared_update` works everything out without writing to the service; `apply.write_update` then
writes it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from roadbed import terminal
from roadbed.drift.compare import named_before
from roadbed.errors import Exit, UsageError
from roadbed.git.objects import Entry, Store, scratch
from roadbed.git.repository import (
    Repository,
    open_repository,
    require_folders,
    require_free_paths,
    require_not_ignored,
    require_ready,
)
from roadbed.releases import notes
from roadbed.releases.notes import Release
from roadbed.service.answers import (
    ANSWERS_FILE,
    Answers,
    broken_answers,
    read_answers,
    require_asked,
)
from roadbed.template.files import Rendered, RenderRequest, object_folders, render_platform
from roadbed.template.mirror import UPSTREAM_HEAD, Mirror, open_mirror, require_commit
from roadbed.template.questions import Questionnaire, parse_questions
from roadbed.template.source import QUESTIONS_FILE
from roadbed.toolchain import uv
from roadbed.update import journal
from roadbed.update.changes import (
    LOCK,
    Change,
    list_changes,
    losses_of_update,
    regenerated_files,
    written_files,
)
from roadbed.update.excluded import excluded_changes, excluded_paths
from roadbed.update.growth import NO_GROWTH, find_growth
from roadbed.update.losses import Loss
from roadbed.update.merge import MANAGED, Merged, Sides, merge

_ADDED_BY_TEMPLATE = {"recorded"}  # in the answers file, and no question
_FOR_COMMANDS = {"ejected"}  # a question that `roadbed eject` answers, and nobody is asked


@dataclass(frozen=True)
class UpdateRequest:
    """What to update: a service's folder, to a version (default: the newest), with new answers.

    `source` is the template's new address, if it moved. With `grow`, the service grows: it stays
    at its version, and the seeds of the half that the answers bring arrive. A `dry_run` is
    never written, so it may be made of a work tree with edits, and of a detached HEAD.
    """

    folder: Path
    to: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    grow: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Update:
    """An update worked out: from which version to which, and what it does.

    `plan` is that of the service afterwards. `moved` says that the recorded tag names another
    commit by now; `questions` are answered for the first time, by their defaults; `notes` are what
    the versions between mean for this service; `plan_files` is what the new plan has where
    the team's own stays; `excluded` is what both versions have in shared files that the team keeps
    to itself.
    """

    repository: Repository
    old: str
    new: str
    answers: Answers
    plan: str
    changes: tuple[Change, ...]
    merged: Merged
    losses: tuple[Loss, ...]
    questions: Mapping[str, object]
    moved: bool
    notes: tuple[Release, ...]
    pending: journal.PendingUpdate
    plan_files: Mapping[str, bytes] = field(default_factory=dict)
    excluded: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)

    @property
    def exit_code(self) -> Exit:
        """4 when something of the team's would be lost, 3 when something conflicts."""
        return self.pending.ending


@dataclass(frozen=True)
class _Ends:
    """What an update goes from and to: the two versions as commits of the template."""

    request: UpdateRequest
    answers: Answers
    mirror: Mirror
    old: str
    new: str


@contextmanager
def prepared_update(request: UpdateRequest) -> Iterator[tuple[Update, Store]]:
    """The update that is requested, and the store that holds its objects while the block lasts.

    Raises UsageError and CouldNotRunError for whatever stands in the way; nothing was written then.
    """
    answers = read_answers(request.folder)
    repository = open_repository(request.folder)
    journal.require_none(repository)
    if not request.dry_run:
        require_ready(repository)
    ends = _ends(answers, request)
    _asked(ends, ends.new).require_known(request.answers)
    _require_sound(repository, answers, ends)
    recorded = (repository.folder / ANSWERS_FILE).read_text(encoding="utf-8")
    was = RenderRequest(ends.mirror, ends.old, recorded, {})
    wanted = RenderRequest(ends.mirror, ends.new, recorded, request.answers)
    plan = request.answers.get("plan", answers.plan)
    old = render_platform(was, answers.plan, from_whole=request.grow)
    new = render_platform(wanted, plan, from_whole=request.grow)
    _require_kept(answers, old, new, request)
    before = repository.files()
    require_folders(before, new.entries)
    grown = find_growth(was, wanted, before, new.owners) if request.grow else NO_GROWTH
    with scratch([repository.objects, *object_folders(ends.mirror)]) as store:
        sides = Sides(
            before,
            old,
            new,
            grown.seeds,
            excluded_paths(repository, before, old),
            _leftovers(repository, before, (old, new)),
        )
        work = _worked_out(repository, ends, sides, store)
        yield (
            replace(work, plan_files=grown.plan_files, excluded=excluded_changes(sides, store)),
            store,
        )


def relock(repository: Repository) -> str:
    """Regenerate and stage uv.lock (pins stay); returns why that failed, or nothing."""
    trouble = uv.lock(repository.folder)
    if not trouble:
        repository.git("add", "--", LOCK)
    return trouble


def _leftovers(
    repository: Repository, before: Mapping[str, Entry], versions: tuple[Rendered, Rendered]
) -> dict[str, Entry]:
    """Return unedited managed files of an earlier version that neither of the two `versions` has.

    Plain `copier recopy` leaves them, as it deletes nothing.
    """
    _, new = versions
    unknown = {
        path: entry
        for path, entry in before.items()
        if new.owners.classify(path) == MANAGED
        and not any(path in version.entries for version in versions)
    }
    named = named_before(repository.folder) if unknown else set()
    return {path: entry for path, entry in unknown.items() if (path, entry.blob) in named}


def _ends(answers: Answers, request: UpdateRequest) -> _Ends:
    mirror = open_mirror(request.source or answers.source, answers.commit)
    old = mirror.commit(answers.commit or answers.version)
    if old is None:
        raise UsageError(
            f"{mirror.url} does not have version {answers.version} "
            f"({answers.commit or 'no commit'}), which this service records: is the "
            "template older than the service, or did it move? Name its address with --source."
        )
    if request.grow:
        return _Ends(request, answers, mirror, old, old)
    named = request.to or mirror.newest() or UPSTREAM_HEAD
    new = require_commit(mirror, named, "--to")
    if new != old and mirror.is_ancestor(new, old):
        if request.to:
            raise UsageError(
                f"{named} is older than {answers.version}, which this service has: an update only "
                "goes forward; to go back, revert its commit."
            )
        new = old
    return _Ends(request, answers, mirror, old, new)


def _asked(ends: _Ends, commit: str) -> Questionnaire:
    text = ends.mirror.show(commit, QUESTIONS_FILE) or b""
    return parse_questions(text.decode(errors="replace"), ends.mirror.url)


def _require_sound(repository: Repository, answers: Answers, ends: _Ends) -> None:
    asked = _asked(ends, ends.old)
    for key, value in answers.values.items():
        fault = "" if key in _ADDED_BY_TEMPLATE else asked.fault(key, value)
        if fault:
            raise broken_answers(repository.folder / ANSWERS_FILE, fault)


def _require_kept(answers: Answers, old: Rendered, new: Rendered, request: UpdateRequest) -> None:
    """Raise UsageError where Copier would quietly put a default in the place of an answer."""
    if not request.grow and new.answers.plan != answers.plan:
        raise UsageError(
            f"An update keeps the plan: run `roadbed grow {new.answers.plan}`, which brings the "
            "other half along."
        )
    require_asked(new.answers, request.answers)
    for key, value in answers.values.items():
        for version in (old, new):
            kept = version.answers.values.get(key, value)
            if kept != value and key not in {*request.answers, *_ADDED_BY_TEMPLATE}:
                raise UsageError(
                    f"{ANSWERS_FILE} records {value!r} for {key!r}, which "
                    f"{version.answers.version} of the template refuses: answer it with "
                    f"-d {key}=…, or restore the file with `git checkout -- {ANSWERS_FILE}`."
                )


def _worked_out(repository: Repository, ends: _Ends, sides: Sides, store: Store) -> Update:
    given = ends.answers
    old, new = given.version, ends.mirror.named(ends.new)
    merged = merge(store, sides, new)
    changed = written_files(sides, merged)
    if merged.clean and set(changed) == {ANSWERS_FILE} and not _says_more(ends, sides.new.answers):
        changed = {}  # but the version's name
    require_not_ignored(repository, (path for path in sides.new.entries if path in merged.after))
    require_free_paths(repository, sides.before, merged.after)
    tag = ends.mirror.commit(f"refs/tags/{old}")
    lost = losses_of_update(store, sides, changed)
    ending = Exit.LOST_EDITS if lost else Exit.FINE if merged.clean else Exit.CONFLICTS
    regenerated = regenerated_files(sides, merged, changed)
    return Update(
        repository,
        old,
        new,
        given,
        sides.new.answers.plan,
        list_changes(sides, merged, changed),
        merged,
        lost,
        _new_questions(ends, sides.new),
        moved=tag is not None and tag != ends.old,
        notes=_notes(ends, sides.new.answers),
        pending=journal.PendingUpdate(old, new, changed, merged.stages, regenerated, ending),
    )


def _says_more(ends: _Ends, new: Answers) -> bool:
    """Whether an answer that the team knows of, or the template's address, is another one now."""
    asked = {*ends.answers.values, *ends.request.answers}
    same = all(new.values.get(key) == ends.answers.values.get(key) for key in asked)
    return not same or new.source != ends.answers.source


def _notes(ends: _Ends, answers: Answers) -> tuple[Release, ...]:
    """What the versions between change for a service with these answers, oldest first."""
    store = ends.mirror.store
    try:
        releases = notes.between(notes.in_commit(store, ends.old), notes.in_commit(store, ends.new))
    except UsageError as error:  # notes in a later format must not stop an update
        terminal.note(f"The release notes are left out: {error}")
        return ()
    return tuple(notes.applying(releases, answers.values))


def _new_questions(ends: _Ends, new: Rendered) -> dict[str, object]:
    """The questions that nobody has answered, with the defaults that answer them."""
    known = {*ends.answers.values, *ends.request.answers, *_ADDED_BY_TEMPLATE, *_FOR_COMMANDS}
    return {key: value for key, value in new.answers.values.items() if key not in known}

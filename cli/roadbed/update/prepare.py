"""`roadbed update`: bring a service to a newer version of the template without losing edits.

`prepared_update` prepares an update without writing to the service; `apply.write_update` writes it.
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
_FOR_COMMANDS = {"ejected"}  # a question that only `roadbed eject` answers


@dataclass(frozen=True)
class UpdateRequest:
    """The request to update the service in `folder` to a version (default: the newest).

    `answers` are new answers. `source` is the template's new address, if it moved. With `grow` the
    service stays at its version and gets the seeds of the half that the answers add. A `dry_run` is
    never written, so edits in the work tree and a detached HEAD are allowed.
    """

    folder: Path
    to: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    grow: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Update:
    """A prepared update from the version `old` to `new`, not written yet.

    `plan` is the plan after the update. `moved` says that the recorded tag names another commit.
    `questions` are new questions with their default answers. `notes` are the release notes that
    apply to this service. `plan_files` are the new plan's versions of files that stay the team's.
    `excluded` are both versions of merged files that the team excluded from updates.
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
        """Return 4 when edits would be lost, else 3 when files conflict, else 0."""
        return self.pending.ending


@dataclass(frozen=True)
class _Ends:
    """The commits of the template that an update starts from (`old`) and leads to (`new`)."""

    request: UpdateRequest
    answers: Answers
    mirror: Mirror
    old: str
    new: str


@contextmanager
def prepared_update(request: UpdateRequest) -> Iterator[tuple[Update, Store]]:
    """Yield the requested update, and the store that holds its objects during the block.

    Raises UsageError and CouldNotRunError when the update is not possible. Writes nothing to the
    service.
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
        work = _prepare(repository, ends, sides, store)
        yield (
            replace(work, plan_files=grown.plan_files, excluded=excluded_changes(sides, store)),
            store,
        )


def relock(repository: Repository) -> str:
    """Regenerate and stage uv.lock (pins stay); returns the error, or an empty string."""
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
                "goes forward; to go back, revert the update's commit."
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
    """Raise UsageError where Copier would silently replace an answer by a default."""
    if not request.grow and new.answers.plan != answers.plan:
        raise UsageError(
            f"An update keeps the plan: run `roadbed grow {new.answers.plan}` to add the other "
            "half."
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


def _prepare(repository: Repository, ends: _Ends, sides: Sides, store: Store) -> Update:
    answers = ends.answers
    old, new = answers.version, ends.mirror.named(ends.new)
    merged = merge(store, sides, new)
    changed = written_files(sides, merged)
    if (
        merged.clean
        and set(changed) == {ANSWERS_FILE}
        and not _changes_answers(ends, sides.new.answers)
    ):
        changed = {}  # only the name of the version differs
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
        answers,
        sides.new.answers.plan,
        list_changes(sides, merged, changed),
        merged,
        lost,
        _new_questions(ends, sides.new),
        moved=tag is not None and tag != ends.old,
        notes=_notes(ends, sides.new.answers),
        pending=journal.PendingUpdate(old, new, changed, merged.stages, regenerated, ending),
    )


def _changes_answers(ends: _Ends, new: Answers) -> bool:
    """Return whether a known answer or the template's address changed."""
    asked = {*ends.answers.values, *ends.request.answers}
    same = all(new.values.get(key) == ends.answers.values.get(key) for key in asked)
    return not same or new.source != ends.answers.source


def _notes(ends: _Ends, answers: Answers) -> tuple[Release, ...]:
    """Return the notes, from old to new, that apply to these answers, oldest first."""
    store = ends.mirror.store
    try:
        releases = notes.between(notes.in_commit(store, ends.old), notes.in_commit(store, ends.new))
    except UsageError as error:  # notes in a later format must not stop an update
        terminal.note(f"The release notes are left out: {error}")
        return ()
    return tuple(notes.applying(releases, answers.values))


def _new_questions(ends: _Ends, new: Rendered) -> dict[str, object]:
    """Return the unanswered questions with their default answers."""
    known = {*ends.answers.values, *ends.request.answers, *_ADDED_BY_TEMPLATE, *_FOR_COMMANDS}
    return {key: value for key, value in new.answers.values.items() if key not in known}

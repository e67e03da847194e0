"""`roadbed adopt`: bring an existing repository, or a service without its answers, under a plan.

Adoption adds the answers file and the missing managed files; it changes no existing file.
Differences from the plan are recorded as a baseline, so that the first check passes and later
checks report only new ones. It is written like an update: staged, and undone by
`roadbed update --abort`.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from roadbed import terminal
from roadbed.drift.compare import compare_entries
from roadbed.drift.findings import MISSING
from roadbed.errors import UsageError
from roadbed.git.objects import FILE, Entry, Store, blob_id, scratch
from roadbed.git.repository import (
    Repository,
    open_repository,
    require_folders,
    require_free_paths,
    require_not_ignored,
    require_ready,
)
from roadbed.service.answers import (
    ANSWERS_FILE,
    Answers,
    parse_answers,
    read_answers,
    require_asked,
)
from roadbed.service.baseline import BASELINE_FILE, baseline_text, read_baseline
from roadbed.service.manifest import MANIFEST_FILE, parse_manifest
from roadbed.service.ownership import OWNERSHIP_FILE, Ownership, parse_ownership
from roadbed.template.files import RenderRequest, object_folders, render_all
from roadbed.template.mirror import Mirror, open_mirror, require_commit
from roadbed.template.questions import parse_questions
from roadbed.template.source import QUESTIONS_FILE, Source, resolve_source
from roadbed.update import journal
from roadbed.update.guesses import guess_answers
from roadbed.update.journal import PendingUpdate


@dataclass(frozen=True)
class AdoptRequest:
    """The folder to adopt and the template; `defaults` takes the guesses and asks nothing."""

    folder: Path
    source: str | None = None
    ref: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    defaults: bool = False


@dataclass(frozen=True)
class Adoption:
    """A prepared adoption: the answers with their version, and the files to write (`pending`).

    `differing` are state and path of existing files that differ from the plan's managed files.
    `excluded` are merged files that are missing or differ from the plan's. `plan_files` are the
    plan's versions of those and of missing seeds. `lost_in` is the commit that deleted an earlier
    answers file.
    """

    repository: Repository
    answers: Answers
    differing: tuple[tuple[str, str], ...]
    excluded: tuple[str, ...]
    plan_files: Mapping[str, bytes]
    lost_in: str
    pending: PendingUpdate


@dataclass(frozen=True)
class _PlanFiles:
    """The files that a version of the template renders with these answers."""

    files: Mapping[str, Entry]
    texts: Mapping[str, bytes]
    answers: Answers
    owners: Ownership

    def text(self, path: str) -> bytes:
        """Return the content of the file at `path`."""
        return self.texts[self.files[path].blob]

    def files_of(self, *classes: str) -> dict[str, Entry]:
        """Return the files of these ownership classes."""
        return {
            path: entry
            for path, entry in self.files.items()
            if self.owners.classify(path) in classes
        }


@contextmanager
def prepared_adoption(request: AdoptRequest) -> Iterator[tuple[Adoption, Store]]:
    """Yield the requested adoption, and the store that holds its objects during the block.

    Raises UsageError when the folder already follows a template, when no plan can be guessed, or
    when the repository is not ready for an update.
    """
    repository = open_repository(request.folder)
    if (request.folder / ANSWERS_FILE).exists():
        raise UsageError(
            f"{request.folder / ANSWERS_FILE} exists, so this service already follows its "
            "template: run `roadbed update`."
        )
    journal.require_none(repository)
    require_ready(repository)
    guessed = {**guess_answers(request.folder), **request.answers}
    if "plan" not in guessed and request.defaults:
        raise UsageError(
            f"Nothing in {request.folder} depends on Django or FastAPI, so no plan can be guessed: "
            "name one with -d plan=django-monolith (or fastapi-service, hybrid)."
        )
    mirror, commit = _version(request, guessed.get("plan", ""))
    files = render_all(
        RenderRequest(mirror, commit, "", _collect_answers(mirror, commit, request, guessed))
    )
    with scratch([repository.objects, *object_folders(mirror)]) as store:
        plan = _read(files, store)
        require_asked(plan.answers, request.answers)
        yield _prepare(repository, plan, mirror.named(commit), store), store


def _version(request: AdoptRequest, plan: str) -> tuple[Mirror, str]:
    """Return the requested version, else the one with the folder's manifest, else the newest."""
    source = resolve_source(request.source, request.ref)
    mirror = open_mirror(source.url)
    manifest = request.folder / MANIFEST_FILE
    if request.ref is None and manifest.is_file():
        path = f"templates/{plan}/{MANIFEST_FILE}"
        blob = blob_id(manifest.read_bytes())
        # the oldest: files that a later one added merge as identical
        same = (tag for tag in reversed(mirror.releases()) if mirror.blob(tag, path) == blob)
        ref = next(same, None) or mirror.brought(path, blob)
        if ref:
            return mirror, require_commit(mirror, ref, "--ref")
    return mirror, require_commit(mirror, source.ref, "--ref")


def _collect_answers(
    mirror: Mirror, commit: str, request: AdoptRequest, guessed: Mapping[str, str]
) -> dict[str, str]:
    """Return the guesses with `defaults`, else the answers that are typed in the terminal."""
    text = mirror.show(commit, QUESTIONS_FILE) or b""
    asked = parse_questions(text.decode(errors="replace"), mirror.url)
    asked.require_known(request.answers)
    likely = asked.possible(guessed)
    if request.defaults:
        return likely
    if not terminal.interactive():
        raise UsageError(
            "This is not a terminal, so the questions cannot be asked: add --defaults to use "
            "the guessed answers, and -d key=value to change one."
        )
    from roadbed.template.render import render  # noqa: PLC0415 (Copier, to ask as it always asks)

    source = Source(str(mirror.store.git_dir), str(mirror.store.git_dir), commit)
    with tempfile.TemporaryDirectory(prefix="roadbed-") as folder:
        render(source, Path(folder), request.answers, defaults=False, suggested=likely)
        values = read_answers(Path(folder)).values
    return {key: str(value) for key, value in values.items() if isinstance(value, str)}


def _read(files: Mapping[str, Entry], store: Store) -> _PlanFiles:
    texts = store.read(entry.blob for entry in files.values())
    answers = parse_answers(Path(ANSWERS_FILE), texts[files[ANSWERS_FILE].blob].decode())
    owners = parse_ownership(texts[files[OWNERSHIP_FILE].blob].decode())
    return _PlanFiles(files, texts, answers, owners)


def _prepare(repository: Repository, plan: _PlanFiles, version: str, store: Store) -> Adoption:
    before, known = repository.files(), read_baseline(repository.folder)
    _require_its_manifest(repository, plan, before, version)
    platform = plan.files_of("managed", "answers")
    require_folders(before, platform)
    arriving = {path: entry for path, entry in platform.items() if path not in before}
    require_not_ignored(repository, arriving)
    differing = tuple(
        difference for difference in _differing(repository, plan) if difference not in known
    )
    generated = MANIFEST_FILE in before  # a service that only lost its answers shares all files
    shared = [path for path, entry in plan.files_of("merged").items() if before.get(path) != entry]
    excluded = tuple(path for path in shared if not generated)
    if (differing or excluded) and BASELINE_FILE not in before:
        text = baseline_text(differing, excluded).encode()
        arriving[BASELINE_FILE] = Entry(FILE, store.write_blob(text))
    require_free_paths(repository, before, {**before, **arriving})
    pending = PendingUpdate("", version, arriving, ())
    seeds = [path for path in plan.files_of("seeded") if path not in before and not generated]
    plan_files = {path: plan.text(path) for path in (*shared, *seeds)}
    return Adoption(
        repository, plan.answers, differing, excluded, plan_files, _lost_in(repository), pending
    )


def _require_its_manifest(
    repository: Repository, plan: _PlanFiles, before: Mapping[str, Entry], version: str
) -> None:
    """Raise UsageError when the folder's manifest is not the one of the version to adopt."""
    present, wanted = (side.get(MANIFEST_FILE) for side in (before, plan.files))
    if present and wanted and present.blob != wanted.blob:
        raise UsageError(
            f"{repository.folder / MANIFEST_FILE} is not that of {version}: name the version "
            "it came with by --ref and its template by --source, or delete .roadbed, commit, "
            "and run `roadbed adopt` again."
        )


def _differing(repository: Repository, plan: _PlanFiles) -> Iterator[tuple[str, str]]:
    """Yield state and path of each finding that `roadbed check` reports after the adoption."""
    entries = parse_manifest(plan.text(MANIFEST_FILE).decode())
    _, drifted = compare_entries(repository.folder, entries, plan.answers, plan.owners)
    return ((finding.state, finding.path) for finding in drifted if finding.state != MISSING)


def _lost_in(repository: Repository) -> str:
    """Return the latest commit that deleted the answers file, or nothing."""
    deleted = ("log", "-1", "--format=%h", "--diff-filter=D", "--", ANSWERS_FILE)
    return "".join(repository.lines(*deleted))

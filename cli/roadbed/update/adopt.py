"""`roadbed adopt`: a repository that was never generated, or lost its answers, comes under a plan.

Managed files arrive where there is none, and the answers file; nothing that is there changes. What
differs from the plan goes on record as a baseline, so that the first check passes and later ones
can only get better. It is written like an update: staged, and undone by `roadbed update --abort`.
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
    """What to adopt, from which template; `defaults` takes the guesses and asks nothing."""

    folder: Path
    source: str | None = None
    ref: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    defaults: bool = False


@dataclass(frozen=True)
class Adoption:
    """An adoption worked out: the answers with their version, what is written, and what remains.

    `differing` are state and path of the team's files in the platform's places; `excluded` are
    shared files that the team has another of, or none. `plan_files` is what the plan has in those,
    and in seeds where nothing lies. `lost_in` is the commit that deleted an answers file of before.
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
    """What a version of the template gives to somebody with these answers."""

    files: Mapping[str, Entry]
    texts: Mapping[str, bytes]
    answers: Answers
    owners: Ownership

    def text(self, path: str) -> bytes:
        """The content of one of its files."""
        return self.texts[self.files[path].blob]

    def of(self, *classes: str) -> dict[str, Entry]:
        """Its files of these classes."""
        return {
            path: it for path, it in self.files.items() if self.owners.classify(path) in classes
        }


@contextmanager
def prepared_adoption(request: AdoptRequest) -> Iterator[tuple[Adoption, Store]]:
    """The adoption that is requested, and the store that holds its objects for the block.

    Raises UsageError when the folder follows a template already, or a plan cannot be guessed, and
    as an update does for what stands in the way.
    """
    repository = open_repository(request.folder)
    if (request.folder / ANSWERS_FILE).exists():
        raise UsageError(
            f"{request.folder / ANSWERS_FILE} is there, so this service follows its template "
            "already: run `roadbed update`."
        )
    journal.require_none(repository)
    require_ready(repository)
    guessed = {**guess_answers(request.folder), **request.answers}
    if "plan" not in guessed and request.defaults:
        raise UsageError(
            f"Nothing in {request.folder} depends on Django or FastAPI, so no plan can be guessed: "
            "name one with -d plan=django-monolith (or fastapi-service, hybrid)."
        )
    of, commit = _version(request, guessed.get("plan", ""))
    files = render_all(RenderRequest(of, commit, "", _answered(of, commit, request, guessed)))
    with scratch([repository.objects, *object_folders(of)]) as store:
        plan = _read(files, store)
        require_asked(plan.answers, request.answers)
        yield _worked_out(repository, plan, of.named(commit), store), store


def _version(request: AdoptRequest, plan: str) -> tuple[Mirror, str]:
    """The version to adopt: the one asked for, else the one whose manifest lies here, or newest."""
    source = resolve_source(request.source, request.ref)
    mirror = open_mirror(source.url)
    lying = request.folder / MANIFEST_FILE
    if request.ref is None and lying.is_file():
        path = f"templates/{plan}/{MANIFEST_FILE}"
        blob = blob_id(lying.read_bytes())
        # the oldest: what a later one brought will merge as the same
        same = (tag for tag in reversed(mirror.releases()) if mirror.blob(tag, path) == blob)
        ref = next(same, None) or mirror.brought(path, blob)
        if ref:
            return mirror, require_commit(mirror, ref, "--ref")
    return mirror, require_commit(mirror, source.ref, "--ref")


def _answered(
    mirror: Mirror, commit: str, request: AdoptRequest, guessed: Mapping[str, str]
) -> dict[str, str]:
    """The answers: guesses that nobody asked about, or what a person makes of them."""
    text = mirror.show(commit, QUESTIONS_FILE) or b""
    asked = parse_questions(text.decode(errors="replace"), mirror.url)
    asked.require_known(request.answers)
    likely = asked.possible(guessed)
    if request.defaults:
        return likely
    if not terminal.interactive():
        raise UsageError(
            "This is not a terminal, so the questions cannot be asked: add --defaults to take "
            "what can be guessed, and -d key=value for what differs."
        )
    from roadbed.template.render import render  # noqa: PLC0415 (Copier, to ask as it always asks)

    source = Source(str(mirror.store.git_dir), str(mirror.store.git_dir), commit)
    with tempfile.TemporaryDirectory(prefix="roadbed-") as folder:
        render(source, Path(folder), request.answers, defaults=False, suggested=likely)
        said = read_answers(Path(folder)).values
    return {key: str(it) for key, it in said.items() if isinstance(it, str)}


def _read(files: Mapping[str, Entry], store: Store) -> _PlanFiles:
    texts = store.read(it.blob for it in files.values())
    answers = parse_answers(Path(ANSWERS_FILE), texts[files[ANSWERS_FILE].blob].decode())
    owners = parse_ownership(texts[files[OWNERSHIP_FILE].blob].decode())
    return _PlanFiles(files, texts, answers, owners)


def _worked_out(repository: Repository, plan: _PlanFiles, version: str, store: Store) -> Adoption:
    before, known = repository.files(), read_baseline(repository.folder)
    _require_its_manifest(repository, plan, before, version)
    platform = plan.of("managed", "answers")
    require_folders(before, platform)
    arriving = {path: it for path, it in platform.items() if path not in before}
    require_not_ignored(repository, arriving)
    differing = tuple(it for it in _differing(repository, plan) if it not in known)
    generated = MANIFEST_FILE in before  # whoever only lost the answers shares all files
    shared = [path for path, it in plan.of("merged").items() if before.get(path) != it]
    excluded = tuple(path for path in shared if not generated)
    if (differing or excluded) and BASELINE_FILE not in before:
        text = baseline_text(differing, excluded).encode()
        arriving[BASELINE_FILE] = Entry(FILE, store.write_blob(text))
    require_free_paths(repository, before, {**before, **arriving})
    pending = PendingUpdate("", version, arriving, ())
    seeds = [path for path in plan.of("seeded") if path not in before and not generated]
    plan_files = {path: plan.text(path) for path in (*shared, *seeds)}
    return Adoption(
        repository, plan.answers, differing, excluded, plan_files, _lost_in(repository), pending
    )


def _require_its_manifest(
    repository: Repository, plan: _PlanFiles, before: Mapping[str, Entry], version: str
) -> None:
    """Raise UsageError when the manifest that lies here would be compared with another's files."""
    lying, wanted = (side.get(MANIFEST_FILE) for side in (before, plan.files))
    if lying and wanted and lying.blob != wanted.blob:
        raise UsageError(
            f"{repository.folder / MANIFEST_FILE} is not that of {version}: name the version "
            "it came with by --ref and its template by --source, or delete .roadbed and commit, "
            "and adopt brings it again."
        )


def _differing(repository: Repository, plan: _PlanFiles) -> Iterator[tuple[str, str]]:
    """State and path of what `roadbed check` will find, once the platform's files are there."""
    entries = parse_manifest(plan.text(MANIFEST_FILE).decode())
    _, drifted = compare_entries(repository.folder, entries, plan.answers, plan.owners)
    return ((it.state, it.path) for it in drifted if it.state != MISSING)


def _lost_in(repository: Repository) -> str:
    """The commit that deleted an answers file, or nothing."""
    deleted = ("log", "-1", "--format=%h", "--diff-filter=D", "--", ANSWERS_FILE)
    return "".join(repository.lines(*deleted))

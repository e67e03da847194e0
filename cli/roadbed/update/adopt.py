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

from roadbed import terminal as output
from roadbed.drift import compare as drift
from roadbed.drift.findings import MISSING
from roadbed.errors import UsageError
from roadbed.git import repository
from roadbed.git.objects import FILE, Entry, Store, blob_id, scratch
from roadbed.git.repository import Repository
from roadbed.service import answers, baseline, manifest, ownership
from roadbed.service.answers import ANSWERS_FILE, Answers
from roadbed.service.ownership import Ownership
from roadbed.template import files as rendered
from roadbed.template import mirror
from roadbed.template import questions as questionnaire
from roadbed.template import source as sources
from roadbed.template.files import Wanted
from roadbed.template.mirror import Mirror
from roadbed.template.source import QUESTIONS_FILE, Source
from roadbed.update import guesses, journal
from roadbed.update.journal import Draft


@dataclass(frozen=True)
class Order:
    """What to adopt, from which template; `defaults` takes the guesses and asks nothing."""

    folder: Path
    source: str | None = None
    ref: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    defaults: bool = False


@dataclass(frozen=True)
class Adoption:
    """An adoption worked out: the answers with their version, what is written, and what remains.

    `differing` are state and path of the team's files in the platform's places; `apart` are shared
    files that the team has another of, or none. `beside` is what the plan has in those, and in
    seeds where nothing lies. `lost_in` is the commit that deleted an answers file of before.
    """

    found: Repository
    answers: Answers
    differing: tuple[tuple[str, str], ...]
    apart: tuple[str, ...]
    beside: Mapping[str, bytes]
    lost_in: str
    draft: Draft


@dataclass(frozen=True)
class _Plan:
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
def prepared(order: Order) -> Iterator[tuple[Adoption, Store]]:
    """The adoption that the order means, and the store that holds its objects for the block.

    Raises UsageError when the folder follows a template already, or a plan cannot be guessed, and
    as an update does for what stands in the way.
    """
    found = repository.opened(order.folder)
    if (order.folder / ANSWERS_FILE).exists():
        raise UsageError(
            f"{order.folder / ANSWERS_FILE} is there, so this service follows its template "
            "already: run `roadbed update`."
        )
    journal.require_none(found)
    repository.require_ready(found)
    guessed = {**guesses.answers(order.folder), **order.answers}
    if "plan" not in guessed and order.defaults:
        raise UsageError(
            f"Nothing in {order.folder} depends on Django or FastAPI, so no plan can be guessed: "
            "name one with -d plan=django-monolith (or fastapi-service, hybrid)."
        )
    of, commit = _version(order, guessed.get("plan", ""))
    files = rendered.whole(Wanted(of, commit, "", _answered(of, commit, order, guessed)))
    with scratch([found.objects, *rendered.objects(of)]) as store:
        plan = _read(files, store)
        answers.require_asked(plan.answers, order.answers)
        yield _worked_out(found, plan, of.named(commit), store), store


def _version(order: Order, plan: str) -> tuple[Mirror, str]:
    """The version to adopt: the one asked for, else the one whose manifest lies here, or newest."""
    source = sources.resolve(order.source, order.ref)
    of = mirror.opened(source.url)
    lying = order.folder / manifest.MANIFEST_FILE
    if order.ref is None and lying.is_file():
        path = f"templates/{plan}/{manifest.MANIFEST_FILE}"
        blob = blob_id(lying.read_bytes())
        # the oldest: what a later one brought will merge as the same
        same = (tag for tag in reversed(of.releases()) if of.blob(tag, path) == blob)
        ref = next(same, None) or of.brought(path, blob)
        if ref:
            return of, mirror.require_commit(of, ref, "--ref")
    return of, mirror.require_commit(of, source.ref, "--ref")


def _answered(of: Mirror, commit: str, order: Order, guessed: Mapping[str, str]) -> dict[str, str]:
    """The answers: guesses that nobody asked about, or what a person makes of them."""
    text = of.show(commit, QUESTIONS_FILE) or b""
    asked = questionnaire.parse(text.decode(errors="replace"), of.url)
    asked.require_known(order.answers)
    likely = asked.possible(guessed)
    if order.defaults:
        return likely
    if not output.interactive():
        raise UsageError(
            "This is not a terminal, so the questions cannot be asked: add --defaults to take "
            "what can be guessed, and -d key=value for what differs."
        )
    from roadbed.template.render import render  # noqa: PLC0415 (Copier, to ask as it always asks)

    source = Source(str(of.store.git_dir), str(of.store.git_dir), commit)
    with tempfile.TemporaryDirectory(prefix="roadbed-") as folder:
        render(source, Path(folder), order.answers, defaults=False, suggested=likely)
        said = answers.read(Path(folder)).values
    return {key: str(it) for key, it in said.items() if isinstance(it, str)}


def _read(files: Mapping[str, Entry], store: Store) -> _Plan:
    texts = store.read(it.blob for it in files.values())
    given = answers.parse(Path(ANSWERS_FILE), texts[files[ANSWERS_FILE].blob].decode())
    owners = ownership.parse(texts[files[ownership.OWNERSHIP_FILE].blob].decode())
    return _Plan(files, texts, given, owners)


def _worked_out(found: Repository, plan: _Plan, version: str, store: Store) -> Adoption:
    before, known = found.files(), baseline.read(found.folder)
    _require_its_manifest(found, plan, before, version)
    platform = plan.of("managed", "answers")
    repository.require_folders(before, platform)
    arriving = {path: it for path, it in platform.items() if path not in before}
    repository.require_seen(found, arriving)
    differing = tuple(it for it in _differing(found, plan) if it not in known)
    generated = manifest.MANIFEST_FILE in before  # whoever only lost the answers shares all files
    shared = [path for path, it in plan.of("merged").items() if before.get(path) != it]
    apart = tuple(path for path in shared if not generated)
    if (differing or apart) and baseline.BASELINE_FILE not in before:
        text = baseline.dump(differing, apart).encode()
        arriving[baseline.BASELINE_FILE] = Entry(FILE, store.write_blob(text))
    repository.require_free(found, before, {**before, **arriving})
    draft = Draft("", version, arriving, ())
    seeds = [path for path in plan.of("seeded") if path not in before and not generated]
    beside = {path: plan.text(path) for path in (*shared, *seeds)}
    return Adoption(found, plan.answers, differing, apart, beside, _lost_in(found), draft)


def _require_its_manifest(
    found: Repository, plan: _Plan, before: Mapping[str, Entry], version: str
) -> None:
    """Raise UsageError when the manifest that lies here would be compared with another's files."""
    lying, wanted = (side.get(manifest.MANIFEST_FILE) for side in (before, plan.files))
    if lying and wanted and lying.blob != wanted.blob:
        raise UsageError(
            f"{found.folder / manifest.MANIFEST_FILE} is not that of {version}: name the version "
            "it came with by --ref and its template by --source, or delete .roadbed and commit, "
            "and it arrives anew."
        )


def _differing(found: Repository, plan: _Plan) -> Iterator[tuple[str, str]]:
    """State and path of what `roadbed check` will find, once the platform's files are there."""
    entries = manifest.parse(plan.text(manifest.MANIFEST_FILE).decode())
    _, drifted = drift.against(found.folder, entries, plan.answers, plan.owners)
    return ((it.state, it.path) for it in drifted if it.state != MISSING)


def _lost_in(found: Repository) -> str:
    """The commit that deleted an answers file, or nothing."""
    deleted = ("log", "-1", "--format=%h", "--diff-filter=D", "--", ANSWERS_FILE)
    return "".join(found.lines(*deleted))

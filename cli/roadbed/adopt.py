"""`roadbed adopt`: a repository that was never generated, or lost its answers, comes under a plan.

Managed files arrive where there is none, and the answers file; nothing that is there changes. What
differs from the plan goes on record as a baseline, so that the first check passes and later ones
can only get better. It is written like an update: staged, and undone by `roadbed update --abort`.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from roadbed import (
    answers,
    baseline,
    growth,
    guesses,
    journal,
    manifest,
    mirror,
    output,
    ownership,
    questionnaire,
    rendered,
    repository,
    sources,
    writing,
)
from roadbed.answers import ANSWERS_FILE
from roadbed.errors import UsageError
from roadbed.journal import Draft
from roadbed.mirror import Mirror
from roadbed.objects import Entry, Store, scratch
from roadbed.ownership import Ownership
from roadbed.rendered import Wanted
from roadbed.repository import Repository
from roadbed.sources import QUESTIONS_FILE, Source


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
    """An adoption worked out: the version, the answers, what is written, and what remains.

    `differing` are files of the team's in the platform's places (state and path); `shared` is what
    the platform has in those that both sides write, where the team's is another or not there.
    """

    found: Repository
    version: str
    plan: str
    answers: Mapping[str, object]
    written: tuple[str, ...]
    differing: tuple[tuple[str, str], ...]
    shared: Mapping[str, bytes]
    draft: Draft


@contextmanager
def prepared(order: Order) -> Iterator[tuple[Adoption, Store]]:
    """The adoption that the order means, and the store that holds its objects for the block.

    Raises UsageError when the folder follows a template already, or a plan cannot be guessed.
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
    if "plan" not in guessed:
        raise UsageError(
            f"Nothing in {order.folder} depends on Django or FastAPI, so no plan can be guessed: "
            "name one with -d plan=django-monolith (or fastapi-service, hybrid)."
        )
    of, commit = _version(order, guessed["plan"])
    given = _answered(of, commit, order, guessed)
    files = rendered.whole(Wanted(of, commit, "", given))
    with scratch([found.objects, *rendered.objects(of)]) as store:
        yield _worked_out(found, of, commit, files, store), store


def _version(order: Order, plan: str) -> tuple[Mirror, str]:
    """The version to adopt: the one asked for, else the one whose manifest lies here, or newest."""
    source = sources.resolve(order.source, order.ref)
    of = mirror.opened(source.url)
    lying = order.folder / manifest.MANIFEST_FILE
    if order.ref is None and lying.is_file():
        path = f"templates/{plan}/{manifest.MANIFEST_FILE}"
        blob = manifest.blob_id(lying.read_bytes())
        for tag in reversed(of.releases()):  # what a later one brought will merge as the same
            if of.blob(tag, path) == blob:
                return of, mirror.require_commit(of, tag, "--ref")
    return of, mirror.require_commit(of, source.ref, "--ref")


def _answered(of: Mirror, commit: str, order: Order, guessed: Mapping[str, str]) -> dict[str, str]:
    """The answers: guesses that nobody asked about, or what a person makes of them."""
    text = of.show(commit, QUESTIONS_FILE) or b""
    asked = questionnaire.parse(text.decode(errors="replace"), of.url)
    asked.require_known(order.answers)
    asked.require_plan(guessed["plan"])
    if order.defaults:
        return dict(guessed)
    if not output.interactive():
        raise UsageError(
            "This is not a terminal, so the questions cannot be asked: add --defaults to take "
            "what can be guessed, and -d key=value for what differs."
        )
    from roadbed.render import render  # noqa: PLC0415 (Copier, to ask as it always asks)

    source = Source(str(of.store.git_dir), str(of.store.git_dir), commit)
    with tempfile.TemporaryDirectory(prefix="roadbed-") as folder:
        render(source, Path(folder), order.answers, defaults=False, suggested=guessed)
        said = answers.read(Path(folder)).values
    return {key: str(it) for key, it in said.items() if isinstance(it, str)}


def _worked_out(
    found: Repository, of: Mirror, commit: str, files: Mapping[str, Entry], store: Store
) -> Adoption:
    texts = store.read(it.blob for it in files.values())
    given = answers.parse(Path(ANSWERS_FILE), texts[files[ANSWERS_FILE].blob].decode())
    owners = ownership.parse(texts[files[ownership.OWNERSHIP_FILE].blob].decode())
    before = found.files()
    arriving = _arriving(files, before, owners)
    differing = tuple(_differing(files, before, owners))
    if differing:
        text = baseline.dump(differing).encode()
        arriving[baseline.BASELINE_FILE] = Entry("100644", store.write_blob(text))
    repository.require_seen(found, (path for path in arriving if path != ANSWERS_FILE))
    repository.require_free(found, before, {**before, **arriving})
    merged = [path for path in files if owners.classify(path) == "merged"]
    return Adoption(
        found,
        of.named(commit),
        given.plan,
        given.values,
        tuple(sorted(arriving)),
        differing,
        {path: texts[files[path].blob] for path in merged if before.get(path) != files[path]},
        Draft("", of.named(commit), arriving, ()),
    )


def _arriving(
    files: Mapping[str, Entry], before: Mapping[str, Entry], owners: Ownership
) -> dict[str, Entry]:
    platform = {"managed", "answers"}
    return {
        path: it
        for path, it in files.items()
        if path not in before and owners.classify(path) in platform
    }


def _differing(
    files: Mapping[str, Entry], before: Mapping[str, Entry], owners: Ownership
) -> Iterator[tuple[str, str]]:
    """State and path of what lies in the platform's places and is not the platform's."""
    for path, it in before.items():
        if owners.classify(path) == "managed" and files.get(path, Entry("", "")).blob != it.blob:
            yield ("diverged" if path in files else "unexpected"), path


def run(order: Order, *, plan: bool) -> None:
    """Adopt a repository, or with `plan` say what that would do."""
    with prepared(order) as (adoption, store):
        saved = [] if plan else writing.write(adoption.found, adoption.draft, store)
    compare = [] if plan else growth.keep(adoption.shared, adoption.found)
    output.lines(as_text(adoption, compare, written=not plan))
    for place in saved:
        output.note(f"{place} was edited meanwhile, and saved as it was.")


def as_text(adoption: Adoption, compare: Sequence[str], *, written: bool) -> list[str]:
    """The report for people: what was guessed, what comes, and what remains to be done."""
    rows = [(f"{key}:", it) for key, it in adoption.answers.items() if isinstance(it, str)]
    verb, verb_of_files = ("is", "came") if written else ("would be", "would come")
    lines = [
        f"{adoption.found.folder.name} {verb} a {adoption.plan}, at {adoption.version}.",
        *output.layout(rows),
        "",
        f"{len(adoption.written)} files {verb_of_files}, and none of yours changes.",
    ]
    if adoption.differing:
        lines += ["", f"On record in {baseline.BASELINE_FILE}, and not failing:"]
        lines += [f"  {path}: {state}" for state, path in adoption.differing]
    if not written:
        return lines
    if compare:
        lines += ["", "What remains, in files that you and the platform share; take over what it"]
        lines += ["needs of those that are there, and copy the others:"]
        lines += [f"  {command}" for command in compare]
    return [*lines, *_next(adoption)]


def _next(adoption: Adoption) -> list[str]:
    return [
        "",
        "Then (`roadbed update --abort` takes it all back):",
        "  git diff --cached --stat",
        "  roadbed check",
        f'  git commit -m "Follow the platform, {adoption.version}"',
    ]

"""The files that a version of the template gives to one service.

Managed files are the same in every service, so they come straight from the template's git objects,
as its MANIFEST lists them. Copier renders the others, once for each version and answers, and the
user's cache keeps them.
"""

import contextlib
import hashlib
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

from roadbed.errors import UsageError
from roadbed.git.command import GitError
from roadbed.git.objects import FILE, Entry, Store, blob_id
from roadbed.service.answers import ANSWERS_FILE, Answers, parse_answers
from roadbed.service.manifest import MANIFEST_FILE, ManifestEntry, applies, parse_manifest
from roadbed.service.ownership import OWNERSHIP_FILE, Ownership, parse_ownership
from roadbed.template.mirror import Mirror, cache_folder
from roadbed.template.source import Source

_FORMAT = "1"  # of cached renders; another number invalidates the old ones
_KEPT = 300  # renders


@dataclass(frozen=True)
class RenderRequest:
    """A render of `mirror` at `commit`, for a service's answers file, with `changed` answers.

    `recorded` is the answers file's text (empty for a service that has none yet).
    """

    mirror: Mirror
    commit: str
    recorded: str
    changed: Mapping[str, str]


@dataclass(frozen=True)
class Rendered:
    """The files of a version by path, with their ownership and the answers of the render."""

    commit: str
    entries: Mapping[str, Entry]
    owners: Ownership
    answers: Answers


def render_platform(request: RenderRequest, plan: str, *, from_whole: bool = False) -> Rendered:
    """Return the managed and merged files and the answers file, without seeded files.

    With `from_whole` they are taken from `render_all`, for a caller that needs both. Raises
    UsageError when the version is not one of Roadbed's, lacks the plan, or refuses an answer.
    """
    listed, text = _manifest(request, plan)
    owners = _owners(request, listed)
    left_out = ("managed", "seeded")
    if from_whole:
        everything = render_all(request)
        entries = {
            path: entry
            for path, entry in everything.items()
            if owners.classify(path) not in left_out
        }
    else:
        entries = _copied(request, [line for owner in left_out for line in owners.patterns(owner)])
    answers = _answers(entries)
    applying = [item for item in listed if applies(item, answers.values)]
    managed = {item.path: Entry(FILE, item.blob) for item in applying}
    managed[MANIFEST_FILE] = Entry(FILE, blob_id(text))
    ejected = {path for path in answers.ejected if path in managed}
    kept = {path: entry for path, entry in managed.items() if path not in ejected}
    return Rendered(request.commit, {**entries, **kept}, owners, answers)


def render_all(request: RenderRequest) -> dict[str, Entry]:
    """Return every file that a service of this version and these answers starts with."""
    return _copied(request, ())


def object_folders(mirror: Mirror) -> list[Path]:
    """Return the folders of git objects that hold the contents of renders."""
    return [mirror.store.git_dir / "objects", render_cache().git_dir / "objects"]


def _manifest(request: RenderRequest, plan: str) -> tuple[list[ManifestEntry], bytes]:
    path = f"templates/{plan}/{MANIFEST_FILE}"
    text = request.mirror.show(request.commit, path)
    named = request.mirror.named(request.commit)
    if text is None:
        raise UsageError(
            f"{request.mirror.url} at {named} has no plan {plan!r} with a MANIFEST, so a "
            "service cannot be compared with it: name another version with --to."
        )
    try:
        return parse_manifest(text.decode()), text
    except ValueError as error:
        raise UsageError(
            f"{path} of {request.mirror.url} at {named} is broken ({error})."
        ) from error


def _owners(request: RenderRequest, listed: Sequence[ManifestEntry]) -> Ownership:
    store = request.mirror.store
    lost = store.lacks(entry.blob for entry in listed)
    blobs = [entry.blob for entry in listed if entry.path == OWNERSHIP_FILE]
    if lost or not blobs:
        raise UsageError(
            f"{request.mirror.url} at {request.mirror.named(request.commit)} has a "
            "stale MANIFEST: its maintainers run "
            "`python -m roadbed.template.build_manifest --write`; name "
            "another version with --to."
        )
    return parse_ownership(store.read(blobs)[blobs[0]].decode())


def _answers(entries: Mapping[str, Entry]) -> Answers:
    if ANSWERS_FILE not in entries:
        raise UsageError(
            f"The template writes no {ANSWERS_FILE}, so a service cannot be updated from it."
            " Name a Roadbed template repository with --source."
        )
    text = render_cache().read([entries[ANSWERS_FILE].blob]).popitem()[1].decode()
    return parse_answers(Path(ANSWERS_FILE), text)


def _copied(request: RenderRequest, exclude: Sequence[str]) -> dict[str, Entry]:
    """Return Copier's render of a version without `exclude`, from the cache if it is there."""
    store, name = render_cache(), f"refs/renders/{_key(request, exclude)}"
    if store.run("rev-parse", "--quiet", "--verify", name, fine={0, 1}):
        entries = store.entries(name)
        if not store.lacks(entry.blob for entry in entries.values()):
            return entries
    entries = _render(request, exclude, store)
    store.run("update-ref", name, store.write_commit(store.write_tree(entries)))
    _forget_oldest(store)
    return entries


def _key(request: RenderRequest, exclude: Sequence[str]) -> str:
    parts = [_FORMAT, version("copier"), request.mirror.url, request.commit]
    parts += [request.mirror.named(request.commit), _lasting(request.recorded)]
    text = json.dumps([*parts, sorted(request.changed.items()), sorted(exclude)])
    return hashlib.sha256(text.encode()).hexdigest()


def _lasting(recorded: str) -> str:
    """Return the answers without their version: the same answers render the same at any."""
    lines = recorded.splitlines()
    return "\n".join(line for line in lines if not line.startswith(("_commit", "#")))


def _render(request: RenderRequest, exclude: Sequence[str], store: Store) -> dict[str, Entry]:
    from roadbed.template.render import render_again  # noqa: PLC0415 (Copier, which a cached render does not need)

    mirrored = str(request.mirror.store.git_dir)  # so that Copier needs no network
    with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
        folder = Path(scratch)
        if request.recorded:
            (folder / ANSWERS_FILE).write_text(request.recorded, encoding="utf-8")
        source = Source(mirrored, mirrored, request.commit)
        render_again(source, folder, request.changed, exclude)
        _name_source(folder / ANSWERS_FILE, request.mirror.url)
        return store.write_folder(folder)


def _name_source(path: Path, url: str) -> None:
    """Record the template's own address in place of the mirror's, which Copier recorded."""
    if path.exists():
        line = yaml.safe_dump({"_src_path": url}, allow_unicode=True, width=10_000)
        text = re.sub(r"(?m)^_src_path: .*\n", line.replace("\\", r"\\"), path.read_text("utf-8"))
        path.write_text(text, encoding="utf-8")


def render_cache() -> Store:
    """Return the store that keeps what Copier rendered."""
    store = Store(cache_folder() / "renders.git")
    if not (store.git_dir / "HEAD").is_file():
        store.run("init", "--quiet", "--bare", "--template=", str(store.git_dir))
    return store


def _forget_oldest(store: Store) -> None:
    listed = ("for-each-ref", "--sort=-creatordate", "--format=delete %(refname)", "refs/renders")
    with contextlib.suppress(GitError):  # another process is cleaning up
        oldest = store.run(*listed).splitlines(keepends=True)[_KEPT:]
        if oldest:
            store.run("update-ref", "--stdin", stdin=b"".join(oldest))
        store.run("gc", "--auto", "--quiet")

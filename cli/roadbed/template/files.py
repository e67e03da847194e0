"""What a version of the template gives to one service: bytes from git, the rest from Copier.

Managed files hold nothing of a service, so they come straight from the template's git objects, as
its MANIFEST names them. The others are rendered by Copier, once for each version and answers, and
kept in the user's cache.
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

_FORMAT = "1"  # of what is kept; another number makes the old ones invisible
_KEPT = 300  # renders


@dataclass(frozen=True)
class RenderRequest:
    """Which render: of `mirror` at `commit`, for a service's answers file, with `changed` answers.

    `recorded` is the answers file's text (empty for a service that has none yet).
    """

    mirror: Mirror
    commit: str
    recorded: str
    changed: Mapping[str, str]


@dataclass(frozen=True)
class Rendered:
    """The files of a version: by path, with who owns them and the answers they follow."""

    commit: str
    entries: Mapping[str, Entry]
    owners: Ownership
    answers: Answers


def render_platform(wanted: RenderRequest, plan: str, *, from_whole: bool = False) -> Rendered:
    """The managed and merged files and the answers file; seeds are left out.

    With `from_whole` they are picked from `whole`, for who needs that one as well. Raises
    UsageError when the version is none of Roadbed's, has no such plan, or refuses an answer.
    """
    listed, text = _manifest(wanted, plan)
    owners = _owners(wanted, listed)
    left_out = ("managed", "seeded")
    if from_whole:
        every = render_all(wanted)
        entries = {path: it for path, it in every.items() if owners.classify(path) not in left_out}
    else:
        entries = _copied(wanted, [line for owner in left_out for line in owners.patterns(owner)])
    answers = _answers(entries)
    applying = [item for item in listed if applies(item, answers.values)]
    managed = {item.path: Entry(FILE, item.blob) for item in applying}
    managed[MANIFEST_FILE] = Entry(FILE, blob_id(text))
    left = {path for path in answers.ejected if path in managed}
    kept = {path: entry for path, entry in managed.items() if path not in left}
    return Rendered(wanted.commit, {**entries, **kept}, owners, answers)


def render_all(wanted: RenderRequest) -> dict[str, Entry]:
    """Every file that a service of this version and these answers starts with, seeds included."""
    return _copied(wanted, ())


def object_folders(mirror: Mirror) -> list[Path]:
    """The folders of git objects in which the contents of renders are found."""
    return [mirror.store.git_dir / "objects", render_cache().git_dir / "objects"]


def _manifest(wanted: RenderRequest, plan: str) -> tuple[list[ManifestEntry], bytes]:
    path = f"templates/{plan}/{MANIFEST_FILE}"
    text = wanted.mirror.show(wanted.commit, path)
    named = wanted.mirror.named(wanted.commit)
    if text is None:
        raise UsageError(
            f"{wanted.mirror.url} at {named} has no plan {plan!r} with a MANIFEST, so nothing can "
            "be compared with it: name another version with --to."
        )
    try:
        return parse_manifest(text.decode()), text
    except ValueError as error:
        raise UsageError(
            f"{path} of {wanted.mirror.url} at {named} is broken ({error})."
        ) from error


def _owners(wanted: RenderRequest, listed: Sequence[ManifestEntry]) -> Ownership:
    store = wanted.mirror.store
    lost = store.lacks(entry.blob for entry in listed)
    blobs = [entry.blob for entry in listed if entry.path == OWNERSHIP_FILE]
    if lost or not blobs:
        raise UsageError(
            f"{wanted.mirror.url} at {wanted.mirror.named(wanted.commit)} has a MANIFEST that is "
            "stale: its maintainers run `python -m roadbed.template.build_manifest --write`; name "
            "another version with --to."
        )
    return parse_ownership(store.read(blobs)[blobs[0]].decode())


def _answers(entries: Mapping[str, Entry]) -> Answers:
    if ANSWERS_FILE not in entries:
        raise UsageError(f"The template writes no {ANSWERS_FILE}, so it cannot be followed.")
    text = render_cache().read([entries[ANSWERS_FILE].blob]).popitem()[1].decode()
    return parse_answers(Path(ANSWERS_FILE), text)


def _copied(wanted: RenderRequest, exclude: Sequence[str]) -> dict[str, Entry]:
    """What Copier makes of a version, without `exclude`; from the cache when it is there."""
    store, name = render_cache(), f"refs/renders/{_key(wanted, exclude)}"
    if store.run("rev-parse", "--quiet", "--verify", name, fine={0, 1}):
        entries = store.entries(name)
        if not store.lacks(entry.blob for entry in entries.values()):
            return entries
    entries = _render(wanted, exclude, store)
    store.run("update-ref", name, store.write_commit(store.write_tree(entries)))
    _forget_oldest(store)
    return entries


def _key(wanted: RenderRequest, exclude: Sequence[str]) -> str:
    said = [_FORMAT, version("copier"), wanted.mirror.url, wanted.commit]
    said += [wanted.mirror.named(wanted.commit), _lasting(wanted.recorded)]
    text = json.dumps([*said, sorted(wanted.changed.items()), sorted(exclude)])
    return hashlib.sha256(text.encode()).hexdigest()


def _lasting(recorded: str) -> str:
    """The answers without what names a version: the same answers render the same at any."""
    lines = recorded.splitlines()
    return "\n".join(line for line in lines if not line.startswith(("_commit", "#")))


def _render(wanted: RenderRequest, exclude: Sequence[str], store: Store) -> dict[str, Entry]:
    from roadbed.template.render import render_again  # noqa: PLC0415 (Copier, which a cached render does not need)

    mirrored = str(wanted.mirror.store.git_dir)  # so that Copier asks for nothing from afar
    with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
        folder = Path(scratch)
        if wanted.recorded:
            (folder / ANSWERS_FILE).write_text(wanted.recorded, encoding="utf-8")
        source = Source(mirrored, mirrored, wanted.commit)
        render_again(source, folder, wanted.changed, exclude)
        _name_source(folder / ANSWERS_FILE, wanted.mirror.url)
        return store.write_folder(folder)


def _name_source(path: Path, url: str) -> None:
    """Record the template's own address, where Copier has recorded the mirror's."""
    if path.exists():
        said = yaml.safe_dump({"_src_path": url}, allow_unicode=True, width=10_000)
        text = re.sub(r"(?m)^_src_path: .*\n", said.replace("\\", r"\\"), path.read_text("utf-8"))
        path.write_text(text, encoding="utf-8")


def render_cache() -> Store:
    """The store that keeps what Copier rendered."""
    store = Store(cache_folder() / "renders.git")
    if not (store.git_dir / "HEAD").is_file():
        store.run("init", "--quiet", "--bare", "--template=", str(store.git_dir))
    return store


def _forget_oldest(store: Store) -> None:
    listed = ("for-each-ref", "--sort=-creatordate", "--format=delete %(refname)", "refs/renders")
    with contextlib.suppress(GitError):  # somebody else is at it
        oldest = store.run(*listed).splitlines(keepends=True)[_KEPT:]
        if oldest:
            store.run("update-ref", "--stdin", stdin=b"".join(oldest))
        store.run("gc", "--auto", "--quiet")

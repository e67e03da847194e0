"""Copies of template repositories in the user's cache, so that a version is fetched once."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs

from roadbed.errors import CouldNotRunError, RoadbedError, UsageError
from roadbed.git.command import GitError, git_output
from roadbed.git.objects import Store
from roadbed.template.source import is_gone, parse_source, release_tags, unreadable_source

UPSTREAM_HEAD = "refs/upstream/HEAD"
_KEPT = "refs/kept"
_REFSPECS = (
    "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*",
    f"+HEAD:{UPSTREAM_HEAD}",
)
_COMMIT = re.compile(r"[0-9a-f]{40}")


def cache_folder() -> Path:
    """Return the folder for what can be fetched or rendered again: `ROADBED_CACHE`, or the user's.

    Raises CouldNotRunError when it cannot be made.
    """
    chosen = os.environ.get("ROADBED_CACHE")
    folder = Path(chosen) if chosen else platformdirs.user_cache_path("roadbed")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable_cache(folder, error) from error
    return folder.resolve()


def unwritable_cache(folder: Path, error: OSError) -> CouldNotRunError:
    """Return the error for a cache that cannot be written."""
    return CouldNotRunError(
        f"The cache {folder} cannot be written ({(error.strerror or '').lower()}): name another "
        "folder with ROADBED_CACHE."
    )


@dataclass(frozen=True)
class Mirror:
    """A bare copy of the template repository that services record as `url`."""

    url: str
    remote: str
    store: Store

    def commit(self, ref: str) -> str | None:
        """Return the id of the commit that a tag, branch or commit id names, or None."""
        printed = self.store.run(
            "rev-parse", "--quiet", "--verify", "--end-of-options", f"{ref}^{{commit}}", fine={0, 1}
        )
        return printed.decode().strip() or None

    def newest(self) -> str | None:
        """Return the newest release's tag, or None where nothing is released."""
        return next(iter(self.releases()), None)

    def releases(self) -> list[str]:
        """Return the tags of all releases, the newest first."""
        listed = self.store.run("for-each-ref", "--format=%(refname)", "refs/tags")
        return release_tags(listed.decode().split())

    def blob(self, ref: str, path: str) -> str | None:
        """Return the id of a file at a version, or None."""
        asked = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{ref}:{path}")
        return self.store.run(*asked, fine={0, 1, 128}).decode().strip() or None

    def brought(self, path: str, blob: str) -> str | None:
        """Return the first commit in which the file `path` had this content, or None."""
        if self.store.lacks([blob]):
            return None
        search = ("--all", "--format=%H", f"--find-object={blob}", "--diff-filter=AM")
        printed = self.store.run("log", *search, "--", path).decode().split()
        return next(
            (commit for commit in reversed(printed) if self.blob(commit, path) == blob), None
        )

    def named(self, commit: str) -> str:
        """Return a commit's name for people: its tag, or git's description of it."""
        printed = self.store.run("describe", "--tags", "--always", commit)
        return printed.decode().strip()

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Return whether `older` is an ancestor of `newer` (a commit is its own ancestor)."""
        return self.store.run("merge-base", older, newer, fine={0, 1}).decode().strip() == older

    def show(self, commit: str, path: str) -> bytes | None:
        """Return a file at a commit, or None."""
        try:
            return self.store.run("cat-file", "blob", f"{commit}:{path}")
        except GitError:
            return None


def open_mirror(url: str, wanted: str = "") -> Mirror:
    """Return the mirror of `url`, brought up to date, with the commit `wanted` kept in it forever.

    Raises UsageError for a source that can never work, CouldNotRunError for one out of reach.
    """
    mirror = known_mirror(url)
    with _alone(mirror):
        if not (mirror.store.git_dir / "HEAD").is_file():
            mirror.store.run("init", "--quiet", "--bare", "--template=", str(mirror.store.git_dir))
        _fetch(mirror, *_REFSPECS)
        if _COMMIT.fullmatch(wanted) and not mirror.commit(wanted):
            with contextlib.suppress(
                RoadbedError
            ):  # the commit of a moved tag, if the host serves it
                _fetch(mirror, f"+{wanted}:{_KEPT}/{wanted}")
        if _COMMIT.fullmatch(wanted) and mirror.commit(wanted):
            mirror.store.run("update-ref", f"{_KEPT}/{wanted}", wanted)
    return mirror


@contextlib.contextmanager
def _alone(mirror: Mirror) -> Iterator[None]:
    try:
        with filelock.FileLock(f"{mirror.store.git_dir}.lock"):
            yield
    except OSError as error:
        raise unwritable_cache(mirror.store.git_dir.parent, error) from error


def mirror_with(url: str, ref: str) -> Mirror:
    """Return the mirror of `url` with the commit, tag or branch `ref`; fetch only if that is
    missing.
    """
    mirror = known_mirror(url)
    there = (mirror.store.git_dir / "HEAD").is_file() and mirror.commit(ref)
    return mirror if there else open_mirror(url, ref)


def known_mirror(url: str) -> Mirror:
    """Return the mirror of `url` in the cache, where it may not exist yet; nothing is fetched."""
    source = parse_source(url)
    name = hashlib.sha256(source.remote.encode()).hexdigest()[:16]
    return Mirror(url, source.remote, Store(cache_folder() / "templates" / f"{name}.git"))


def _fetch(mirror: Mirror, *refspecs: str) -> None:
    if is_gone(mirror.remote):
        raise UsageError(
            f"There is no template at {mirror.url}: if it has moved, `roadbed update --source "
            "ADDRESS` updates from the new address and records it."
        )
    # the user's git configuration is needed here: credentials, proxies, other spellings of a host
    where = f"--git-dir={mirror.store.git_dir}"
    quiet = ("-c", "gc.auto=0", "-c", "maintenance.auto=false")
    fetch = ["fetch", "--quiet", "--force", "--no-write-fetch-head"]
    fetch += ["--prune", "--"] if refspecs == _REFSPECS else ["--"]
    try:
        git_output(where, *quiet, *fetch, mirror.remote, *refspecs)
    except GitError as error:
        raise unreadable_source(mirror.url, mirror.remote, error) from error


def require_commit(mirror: Mirror, ref: str, option: str) -> str:
    """Return the commit of `ref`; raises UsageError that names the `option` to change it."""
    commit = mirror.commit(ref)
    if commit is None:
        raise UsageError(
            f"{mirror.url} has no version {ref!r}: name a tag, branch or commit with {option}."
        )
    return commit

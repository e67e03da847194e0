"""The template repository's address, in a spelling that Copier can still read a year later.

A relative path or `file:///…` renders, and then every update of that service fails; a checkout with
uncommitted changes records a commit that exists nowhere. Both are handled here, before anything is
rendered.
"""

import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from roadbed.errors import CouldNotRunError, UsageError
from roadbed.git.command import GitError, run_git

QUESTIONS_FILE = "copier.yml"
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")
_SCP = re.compile(r"[\w.-]+@[\w.-]+:")
_ALIASES = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
_SNAPSHOT_TAG = "v0.0.0+snapshot"
_SNAPSHOT_AUTHOR = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Roadbed"), ("EMAIL", "roadbed@localhost"))
}


@dataclass(frozen=True)
class Source:
    """`url` is what a service records, `remote` what git is given, `ref` the version to render.

    `folder` is the checkout on this machine, when the source is one.
    """

    url: str
    remote: str
    ref: str = ""
    folder: Path | None = None


def resolve_source(text: str | None, ref: str | None) -> Source:
    """Return the source named by `text` (URL, path, or None for this checkout) at `ref`.

    Without a `ref` it is the newest release tag, or HEAD without a release. Raises UsageError for a
    source that can never work and CouldNotRunError for one out of reach.
    """
    source = parse_source(text if text is not None else str(_own_checkout()))
    refs = _refs(source)
    version = ref or newest_version(refs) or refs["HEAD"]
    return Source(source.url, source.remote, version, source.folder)


def parse_source(text: str) -> Source:
    """Return the source that `text` (URL or path) names, without a version and without network.

    Raises UsageError for a URL that contains a credential.
    """
    return Source(*_spell(text))


def refuse_dirty(source: Source, ref: str | None) -> None:
    """Raise UsageError when `source` is a checkout whose uncommitted changes would be rendered.

    `ref` is the version that the user named: a named release does not contain the changes.
    """
    if source.folder is None or ref not in {None, "HEAD"} or not _dirty(source.folder):
        return
    raise UsageError(
        f"The templates in {source.folder} have uncommitted changes, and a service made from them "
        "could never be updated: commit or stash them, name a version with --ref, or try them "
        "with `roadbed demo`."
    )


def snapshot_source(source: Source, into: Path) -> Source:
    """Return a tagged clone of a local checkout, with its uncommitted changes, for temporary use.

    `into` is an empty folder that the caller removes. A remote source is returned as it is.
    """
    if source.folder is None:
        return source
    clone = into / "templates"
    run_git("clone", "--quiet", "--no-checkout", "--", str(source.folder), str(clone))
    if _dirty(source.folder):
        _commit_work_tree(source.folder, clone)
    run_git("tag", "--force", _SNAPSHOT_TAG, cwd=clone)
    run_git("reset", "--quiet", "--hard", cwd=clone)
    return Source(str(clone), str(clone), _SNAPSHOT_TAG, clone)


def newest_version(refs: Iterable[str]) -> str | None:
    """Return the tag of the newest release among the names of references, or None."""
    return next(iter(release_tags(refs)), None)


def release_tags(refs: Iterable[str]) -> list[str]:
    """Return the release tags among the names of references, the newest first."""
    tags = [name.removeprefix("refs/tags/") for name in refs]
    return sorted(filter(version_numbers, tags), key=version_numbers, reverse=True)


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that order releases; empty for text that is not a release."""
    match = _VERSION.fullmatch(version)
    return tuple(int(number) for number in match[1].split(".")) if match else ()


def local_checkout(text: str | None) -> Path:
    """Return the checkout named by the path `text`, or for None this one; raises UsageError for a
    URL.
    """
    source = resolve_source(text, "HEAD")
    if source.folder is None:
        raise UsageError(f"{source.url} is not a checkout on this machine: clone it first.")
    return source.folder


def questions_text(source: Source) -> str:
    """Return the text of the questionnaire at the source's version."""
    if source.folder is not None:
        return _show(source, source.folder)
    with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
        run_git("clone", "--quiet", "--bare", "--filter=blob:none", "--", source.remote, scratch)
        return _show(source, Path(scratch))


def _show(source: Source, repository: Path) -> str:
    try:
        run_git("rev-parse", "--quiet", "--verify", f"{source.ref}^{{commit}}", cwd=repository)
    except GitError as error:
        raise UsageError(
            f"{source.url} has no version {source.ref!r}: name a tag, branch or commit with --ref."
        ) from error
    try:
        return run_git("show", f"{source.ref}:{QUESTIONS_FILE}", cwd=repository)
    except GitError as error:
        raise UsageError(
            f"{source.url} has no {QUESTIONS_FILE}, so it is not a Roadbed template repository: "
            "name one with --source."
        ) from error


def _own_checkout() -> Path:
    root = Path(__file__).resolve().parents[3]
    if not (root / QUESTIONS_FILE).is_file():
        raise UsageError(
            "This installation of roadbed has no templates of its own: name the template "
            "repository with --source (a git URL or the path of a clone)."
        )
    return root


def _spell(text: str) -> tuple[str, str, str, Path | None]:
    if text.startswith(tuple(_ALIASES)):
        return text, _ALIASES[text[:3]] + text[3:].lstrip("/"), "", None
    if text.startswith("file://"):
        text = f"git+{text}"
    if "://" not in text and not _SCP.match(text):
        path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 (keeps links, drops "..")
        return str(path), str(path), "", path if path.is_dir() else None
    _refuse_credentials(text)
    plain = text.removeprefix("git+")
    return (text if _SCP.match(text) else f"git+{plain}"), plain, "", None


def _refuse_credentials(url: str) -> None:
    parts = urlsplit(url.removeprefix("git+"))
    if parts.password or (parts.username and parts.scheme in {"http", "https"}):
        raise UsageError(
            f"The source at {parts.hostname} carries a credential, which every service would "
            "record: leave it out and let git's credential helper supply it."
        )


def _refs(source: Source) -> dict[str, str]:
    if is_gone(source.remote):
        raise UsageError(
            f"The source {source.url} does not exist: check the path given to --source."
        )
    try:
        listing = run_git("ls-remote", "--", source.remote, "HEAD", "refs/tags/*")
    except GitError as error:
        raise unreadable_source(source.url, source.remote, error) from error
    refs = {name: commit for commit, name in map(str.split, listing.splitlines())}
    if "HEAD" not in refs:
        raise UsageError(f"The source {source.url} has no commit: name a template repository.")
    return refs


def is_gone(remote: str) -> bool:
    """Return whether a source is a path on this machine that does not exist."""
    path = remote.removeprefix("file://")
    return not _is_url(path) and not Path(path).exists()


def unreadable_source(url: str, remote: str, error: GitError) -> UsageError | CouldNotRunError:
    """Return the error for a source that git could not read."""
    if not _is_url(remote.removeprefix("file://")):
        return UsageError(f"The source {url} is not a git repository: name the root of a clone.")
    return CouldNotRunError(
        f"The source {url} cannot be read ({error.reason}): check the address and the network."
    )


def _is_url(remote: str) -> bool:
    return "://" in remote or _SCP.match(remote) is not None


def _dirty(folder: Path) -> bool:
    if run_git("rev-parse", "--is-bare-repository", cwd=folder) == "true":
        return False
    return bool(run_git("status", "--porcelain", cwd=folder))


def _commit_work_tree(checkout: Path, clone: Path) -> None:
    # The clone's index is empty, so `add` takes the working tree as it is, deletions included.
    env = {"GIT_WORK_TREE": str(checkout), "GIT_DIR": str(clone / ".git"), **_SNAPSHOT_AUTHOR}
    run_git("add", "--all", env=env, cwd=checkout)
    run_git(
        "-c",
        "core.hooksPath=/dev/null",
        "commit",
        "--quiet",
        "--no-gpg-sign",
        "--message=Uncommitted changes",
        env=env,
        cwd=checkout,
    )

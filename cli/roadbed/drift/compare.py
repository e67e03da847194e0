"""The drift of managed files from `.roadbed/MANIFEST`: offline, without Copier, no file written."""

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pathspec

from roadbed.drift.findings import (
    DIVERGED,
    EJECTED,
    IGNORED,
    MISSING,
    ORPHAN,
    UNEXPECTED,
    UNSETTLED,
    Finding,
)
from roadbed.errors import CouldNotRunError, UsageError
from roadbed.git.command import git_output, ignoring_patterns, is_ignored, run_git
from roadbed.git.objects import blob_id
from roadbed.service.answers import ANSWERS_FILE, Answers, broken_answers
from roadbed.service.manifest import (
    MANIFEST_FILE,
    ManifestEntry,
    applies,
    managed_files,
    named_files,
    read_manifest,
)
from roadbed.service.ownership import OWNERSHIP_FILE, Ownership, read_ownership

OK = "ok"
_MARKERS = re.compile(rb"^<{7} .*^>{7} ", re.MULTILINE | re.DOTALL)
_BYPRODUCTS = ("**/*.py[co]", "**/*.egg-info/**")  # also where no .gitignore names them


def find_drift(folder: Path, answers: Answers) -> tuple[int, list[Finding]]:
    """Return how many managed files the service in `folder` should have, and the findings.

    Raises UsageError when the manifest or the answers are broken, CouldNotRunError when a file
    cannot be read.
    """
    checked, findings = compare_entries(folder, read_manifest(folder), answers)
    findings += _unsettled(folder, [finding.path for finding in findings])
    return checked, [*findings, *(Finding(path, EJECTED) for path in sorted(answers.ejected))]


def compare_entries(
    folder: Path,
    entries: Collection[ManifestEntry],
    answers: Answers,
    future_ownership: Ownership | None = None,
) -> tuple[int, list[Finding]]:
    """Compare a folder with `entries`, which need not be its manifest yet; return as `find_drift`.

    `future_ownership` is used when the folder has no ownership file yet.
    """
    compared = expected_entries(folder, entries, answers)
    findings = list(_drifted(folder, compared))
    owners = _owners(folder, findings, future_ownership)
    if owners:
        known = {entry.path for entry in entries} | answers.ejected
        behind_links = {
            finding.path for finding in findings if finding.detail
        }  # git refuses to look there
        expected = [entry.path for entry in compared if entry.path not in behind_links]
        findings += _around(folder, owners, known, [MANIFEST_FILE, *expected])
    return len(compared), findings


def _owners(
    folder: Path, findings: Iterable[Finding], future_ownership: Ownership | None
) -> Ownership | None:
    """Return the ownership of the files, or None when its file was edited."""
    states = [finding.state for finding in findings if finding.path == OWNERSHIP_FILE]
    if not states:
        return read_ownership(folder)
    return future_ownership if states == [MISSING] else None


def _unsettled(folder: Path, edited: Iterable[str]) -> Iterator[Finding]:
    """Yield the shared and edited files that contain conflict markers of an update."""
    try:
        shared = read_ownership(folder).patterns("merged")
    except UsageError:  # it is among the findings already
        shared = ()
    for path in (*(pattern.removeprefix("/") for pattern in shared), *edited):
        place = folder / path
        if place.is_file() and _MARKERS.search(place.read_bytes()):
            yield Finding(path, UNSETTLED)


def expected_entries(
    folder: Path, entries: Iterable[ManifestEntry], answers: Answers
) -> list[ManifestEntry]:
    """Return the entries of the files that the service should have with the template's bytes."""
    for question in {entry.condition.partition("=")[0] for entry in entries} - {
        "",
        *answers.values,
    }:
        raise broken_answers(folder / ANSWERS_FILE, f"`{question}` is missing")
    return [
        entry
        for entry in entries
        if applies(entry, answers.values) and entry.path not in answers.ejected
    ]


def _drifted(folder: Path, compared: Collection[ManifestEntry]) -> Iterator[Finding]:
    links = [name for name in _folders(compared) if (folder / name).is_symlink()]
    for entry in compared:
        link = next((name for name in links if entry.path.startswith(f"{name}/")), "")
        state = DIVERGED if link else file_state(folder / entry.path, entry.blob)
        if state != OK:
            yield Finding(entry.path, state, f"behind the link {link}" if link else "", entry.blob)


def _folders(entries: Iterable[ManifestEntry]) -> set[str]:
    """Return every folder above files of these entries, at any depth."""
    folders: set[str] = set()
    for entry in entries:
        name = entry.path
        while (name := name.rpartition("/")[0]) and name not in folders:
            folders.add(name)
    return folders


def file_state(path: Path, blob: str) -> str:
    """Return OK, DIVERGED or MISSING: whether the file at `path` has the bytes with git's id
    `blob`.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return DIVERGED
        return OK if blob_id(path.read_bytes()) == blob else DIVERGED
    except (FileNotFoundError, NotADirectoryError):
        return MISSING
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be read: {error.strerror}.") from error


def _around(
    folder: Path, owners: Ownership, known: Collection[str], expected: Iterable[str]
) -> Iterator[Finding]:
    """Yield managed paths that the manifest does not list, and paths of `expected` that git
    ignores.
    """
    listed = _listed(folder, owners.roots("managed"))
    names = set(managed_files(folder)) if listed is None else listed
    byproducts = pathspec.GitIgnoreSpec.from_lines(_BYPRODUCTS)
    added = {
        name
        for name in names.difference(known, [MANIFEST_FILE])
        if owners.classify(name) == "managed"
        and not byproducts.match_file(name)
        and os.path.lexists(folder / name)
    }
    if added:
        yield from _added(folder, added)
    if listed is not None:
        for path, pattern in ignoring_patterns(folder, expected):
            yield Finding(path, IGNORED, f"by {pattern}")


def _listed(folder: Path, roots: Iterable[str]) -> set[str] | None:
    """Return the files in `roots` that git tracks or would add; None without a repository.

    A walk would visit every library in .venv, and listing the whole repository is slow when it has
    many files.
    """
    listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        printed = run_git("--literal-pathspecs", *listing, "--", *roots, cwd=folder)
    except CouldNotRunError:  # no repository, or no git
        return None
    listed = {name for name in printed.split("\0") if name}
    return listed if listed or not is_ignored(folder, folder) else None


def _added(folder: Path, paths: Iterable[str]) -> Iterator[Finding]:
    once = {path for path, _ in named_before(folder)}
    for path in sorted(paths):
        yield Finding(path, ORPHAN if path in once else UNEXPECTED)


def named_before(folder: Path) -> set[tuple[str, str]]:
    """Return path and blob of every file listed by a manifest in this service's history."""
    try:
        commits = run_git("rev-list", "HEAD", "--", MANIFEST_FILE, cwd=folder).split()
    except CouldNotRunError:  # no repository, no commit, or no git
        return set()
    asked = "".join(f"{commit}:./{MANIFEST_FILE}\n" for commit in commits).encode()
    return named_files(git_output("cat-file", "--batch", cwd=folder, stdin=asked))

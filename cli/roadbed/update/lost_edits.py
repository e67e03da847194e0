"""The team's edits that an update lost, whether made by Roadbed or by another tool.

A plain `copier update` ends with exit code 0 even when it lost edits. This module compares the
service at a base commit (HEAD, or the start of a branch) with the service in the work tree.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadbed.errors import Exit, UsageError
from roadbed.git.command import GitError
from roadbed.git.objects import EXECUTABLE, FILE, LINK, Entry, Store, scratch
from roadbed.git.repository import Repository, UnbornError, open_repository
from roadbed.git.worktree import read_entries
from roadbed.service.answers import ANSWERS_FILE, Answers, parse_answers, read_answers
from roadbed.service.interruption import require_no_interruption
from roadbed.service.ownership import Ownership, read_ownership
from roadbed.template.files import RenderRequest, object_folders, render_all
from roadbed.template.mirror import mirror_with, require_commit
from roadbed.update.accepted_losses import fingerprint, read_accepted, record_accepted
from roadbed.update.losses import Loss, find_losses
from roadbed.update.merge import MANAGED, MERGED


@dataclass(frozen=True)
class LostEdits:
    """The edits that the update since `base` lost in the service `folder`.

    `old` is the version before, None where there was no update.
    """

    folder: Path
    base: str
    old: str | None
    new: str
    lost: tuple[Loss, ...]
    accepted: tuple[Loss, ...]

    @property
    def exit_code(self) -> Exit:
        """Return 4 when a loss is not accepted, else 0."""
        return Exit.LOST_EDITS if self.lost else Exit.FINE


def find_lost_edits(folder: Path, base: str, accept: Sequence[str]) -> LostEdits:
    """Find the edits lost since the commit `base`, and record the losses of `accept` as accepted.

    A service that the base does not have yet was not updated since. Raises UsageError when the
    base is not a commit, and for a path in `accept` that lost nothing.
    """
    require_no_interruption(folder)
    now = read_answers(folder, planned=False)
    try:
        repository = open_repository(folder)
    except UnbornError:  # a hook's first commit
        return LostEdits(folder, base, None, now.version, (), ())
    text = _recorded(repository, base)
    was = parse_answers(folder / ANSWERS_FILE, text, planned=False) if text else now
    if (was.version, was.commit, was.values) == (now.version, now.commit, now.values):
        return LostEdits(folder, base, None, now.version, (), ())
    lost = _losses(repository, base, was, text)
    accept = [Path(os.path.normpath(path)).as_posix() for path in accept]
    known = read_accepted(folder) | {fingerprint(loss) for loss in lost if loss.path in accept}
    if accept:
        record_accepted(folder, lost, accept, was.version)
    return LostEdits(
        folder,
        base,
        was.version,
        now.version,
        tuple(loss for loss in lost if fingerprint(loss) not in known),
        tuple(loss for loss in lost if fingerprint(loss) in known),
    )


def _recorded(repository: Repository, base: str) -> str:
    """Return the text of the answers file at the base, or nothing where there is none."""
    if not repository.lines("rev-parse", "--quiet", "--verify", f"{base}^{{commit}}"):
        raise UsageError(f"There is no commit {base!r}: name one from before the update by --base.")
    try:
        return repository.git(
            "cat-file", "blob", f"{base}:{repository.prefix}{ANSWERS_FILE}"
        ).decode()
    except GitError:
        return ""


def _losses(repository: Repository, base: str, was: Answers, text: str) -> tuple[Loss, ...]:
    mirror = mirror_with(was.source, was.commit or was.version)
    commit = require_commit(mirror, was.commit or was.version, "--base")
    old = render_all(RenderRequest(mirror, commit, text, {}))
    before = repository.files(base)
    owners = _owners(repository)
    paths = [path for path in _changed(repository, base) if path in old or _is_shared(path, owners)]
    with scratch([repository.objects, *object_folders(mirror)]) as store:
        after = _work_tree_files(repository, store, paths)
        moved = [path for path in old if path not in before]
        begun = {path: old[path] for path in (*paths, *moved) if path in old}
        had = {path: before[path] for path in paths if path in before}
        return find_losses(*(read_entries(store, side) for side in (begun, had, after)))


def _changed(repository: Repository, base: str) -> list[str]:
    """Return the paths that differ from the base, and untracked paths that are not ignored.

    The answers file is left out, because Copier writes it.
    """
    diff = ("diff", "--name-only", "--no-renames", "--relative", "-z", base, "--", ".")
    new = ("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    output = repository.git(*diff) + repository.git(*new)
    names = dict.fromkeys(os.fsdecode(name) for name in output.split(b"\0") if name)
    return [name for name in names if name != ANSWERS_FILE]


def _owners(repository: Repository) -> Ownership | None:
    try:
        return read_ownership(repository.folder)
    except UsageError:  # a template that is not Roadbed's: only its rendered files count
        return None


def _is_shared(path: str, owners: Ownership | None) -> bool:
    return owners is not None and owners.classify(path) in {MANAGED, MERGED}


def _work_tree_files(
    repository: Repository, store: Store, paths: Iterable[str]
) -> dict[str, Entry]:
    """Put the work tree's files in `store` as `git add` would, filters included; return entries."""
    there = [path for path in paths if os.path.lexists(repository.folder / path)]
    links = [path for path in there if (repository.folder / path).is_symlink()]
    files = [path for path in there if path not in links and (repository.folder / path).is_file()]
    into = {"GIT_OBJECT_DIRECTORY": str(store.git_dir / "objects")}
    modes = (EXECUTABLE if os.access(repository.folder / path, os.X_OK) else FILE for path in files)
    targets = (
        store.write_blob(os.fsencode((repository.folder / path).readlink())) for path in links
    )
    return {
        **dict(zip(files, map(Entry, modes, repository.hashed(files, into)), strict=True)),
        **{path: Entry(LINK, blob) for path, blob in zip(links, targets, strict=True)},
    }

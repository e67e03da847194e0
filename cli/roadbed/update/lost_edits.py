"""What an update has lost of the team's edits, whoever made it and with whatever tool.

A plain `copier update` ends with exit code 0 whether or not it kept what a team wrote. This
compares the service as it was (at HEAD, or where a branch began) with the service as it lies here.
"""

import hashlib
import json
import os
import shlex
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadbed.errors import Exit, UsageError, write_error
from roadbed.git.command import GitError
from roadbed.git.objects import EXECUTABLE, FILE, LINK, Entry, Store, scratch
from roadbed.git.repository import Repository, UnbornError, open_repository
from roadbed.git.worktree import read_entries
from roadbed.service.answers import ANSWERS_FILE, Answers, parse_answers, read_answers
from roadbed.service.interruption import require_no_interruption
from roadbed.service.ownership import Ownership, read_ownership
from roadbed.template.files import RenderRequest, object_folders, render_all
from roadbed.template.mirror import mirror_with, require_commit
from roadbed.update.losses import Loss, find_losses
from roadbed.update.merge import MANAGED, MERGED

ACCEPTED_FILE = ".roadbed-accepted.toml"
_HEADER = (
    "# What an update was allowed to take (`roadbed lost-edits --accept FILE`).\n"
    "# Commit it with the update; once that is merged, this file may go.\n"
)


@dataclass(frozen=True)
class LostEdits:
    """What the update since `base` lost in the service `folder`.

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
        """4 when something is gone that nobody accepted."""
        return Exit.LOST_EDITS if self.lost else Exit.FINE


def find_lost_edits(folder: Path, base: str, accept: Sequence[str]) -> LostEdits:
    """Audit the service in `folder` against the commit `base`, and accept the losses of paths.

    A service that the base does not have yet was not updated since. Raises UsageError for a base
    that is no commit and for a path that lost nothing.
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
    known = _accepted(folder) | {_fingerprint(it) for it in lost if it.path in accept}
    if accept:
        _accept(folder, lost, accept, was.version)
    return LostEdits(
        folder,
        base,
        was.version,
        now.version,
        tuple(it for it in lost if _fingerprint(it) not in known),
        tuple(it for it in lost if _fingerprint(it) in known),
    )


def _recorded(repository: Repository, base: str) -> str:
    """The answers file at the base, or nothing where there is none."""
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
        after = _lying(repository, store, paths)
        moved = [path for path in old if path not in before]
        begun = {path: old[path] for path in (*paths, *moved) if path in old}
        had = {path: before[path] for path in paths if path in before}
        return find_losses(*(read_entries(store, side) for side in (begun, had, after)))


def _changed(repository: Repository, base: str) -> list[str]:
    """What differs from the base, and what is new and not ignored; paths in the service.

    The answers file is Copier's, and left out.
    """
    diff = ("diff", "--name-only", "--no-renames", "--relative", "-z", base, "--", ".")
    new = ("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    said = repository.git(*diff) + repository.git(*new)
    names = dict.fromkeys(os.fsdecode(name) for name in said.split(b"\0") if name)
    return [name for name in names if name != ANSWERS_FILE]


def _owners(repository: Repository) -> Ownership | None:
    try:
        return read_ownership(repository.folder)
    except UsageError:  # a template that is not Roadbed's: what it rendered counts
        return None


def _is_shared(path: str, owners: Ownership | None) -> bool:
    return owners is not None and owners.classify(path) in {MANAGED, MERGED}


def _lying(repository: Repository, store: Store, paths: Iterable[str]) -> dict[str, Entry]:
    """The files as git would add them from the work tree (its filters applied), put in `store`."""
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


def _fingerprint(loss: Loss) -> str:
    said = json.dumps([loss.path, loss.what, *loss.lines])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _accepted(folder: Path) -> set[str]:
    try:
        data = tomllib.loads((folder / ACCEPTED_FILE).read_text(encoding="utf-8"))
        return {str(entry["lost"]) for entry in data.get("accepted", [])}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{folder / ACCEPTED_FILE} cannot be read ({error}): delete it, and accept again with "
            "`roadbed lost-edits --accept FILE`."
        ) from error


def _accept(folder: Path, lost: Sequence[Loss], paths: Sequence[str], version: str) -> None:
    names = sorted({loss.path for loss in lost})
    for path in paths:
        if path not in names:
            raise UsageError(
                f"{path} lost nothing in this update, so there is nothing to accept: name one of "
                f"{', '.join(names) or 'none'}."
            )
    known = _accepted(folder)
    entries = [
        f"\n[[accepted]]\npath = {_quoted(loss.path)}\nafter = {_quoted(version)}\n"
        f"what = {_quoted(str(loss))}\nlost = {_quoted(_fingerprint(loss))}\n"
        for loss in lost
        if loss.path in paths and _fingerprint(loss) not in known
    ]
    place = folder / ACCEPTED_FILE
    try:
        already = place.read_text(encoding="utf-8") if place.exists() else _HEADER
        place.write_text(already + "".join(entries), encoding="utf-8")
    except OSError as error:
        raise write_error(error, str(place)) from error


def _quoted(text: str) -> str:
    """A TOML string, which JSON's is as well; a name that is not UTF-8 is spelled with escapes."""
    return json.dumps(text.encode(errors="backslashreplace").decode(), ensure_ascii=False)


def as_text(edits: LostEdits) -> list[str]:
    """The result for people."""
    if edits.old is None:
        return [f"No update since {edits.base}, so there is nothing to compare."]
    title = f"{edits.old} → {edits.new}"
    lines = [f"  accepted: {loss.path}: {loss}" for loss in edits.accepted]
    if not edits.lost:
        return [f"{title}: nothing that the team wrote is lost.", *lines]
    lines += [line for loss in edits.lost for line in loss.lines_for_people()]
    folder = "" if edits.folder == Path() else f" {shlex.quote(str(edits.folder))}"
    return [
        f"{title}: the team wrote this, and it is nowhere now:",
        *lines,
        "",
        "To get a file back as it was, or to let it go (FILE as above):",
        f"  git{folder and f' -C{folder}'} restore --source {shlex.quote(edits.base)} -- FILE",
        f"  roadbed lost-edits{folder}{_since(edits.base)} --accept FILE",
    ]


def _since(base: str) -> str:
    return "" if base == "HEAD" else f" --base {shlex.quote(base)}"


def as_json(edits: LostEdits) -> str:
    """The result for machines."""
    data = {
        "format": 1,
        "base": edits.base,
        "from": edits.old,
        "to": edits.new,
        "lost": [loss.data() for loss in edits.lost],
        "accepted": [loss.data() for loss in edits.accepted],
        "exit_code": int(edits.exit_code),
    }
    return json.dumps(data, indent=2, ensure_ascii=False)

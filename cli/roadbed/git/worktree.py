"""Writing files of a service, each completely or not at all, and saving files in the way."""

import contextlib
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadbed.errors import CouldNotRunError, write_error
from roadbed.git.objects import EXECUTABLE, FILE, LINK, Entry, Store
from roadbed.git.repository import Repository


@dataclass(frozen=True)
class FileContent:
    """A file of a work tree: git's mode, and its bytes (of a link: its target)."""

    mode: str
    content: bytes


def read_file(place: Path) -> FileContent | None:
    """Return the file at a path, or None; raises CouldNotRunError when it cannot be read."""
    try:
        if place.is_symlink():
            return FileContent(LINK, os.fsencode(place.readlink()))
        mode = EXECUTABLE if os.access(place, os.X_OK) else FILE
        return FileContent(mode, place.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise CouldNotRunError(f"{place} cannot be read: {error.strerror}.") from error


def read_entries(store: Store, entries: Mapping[str, Entry | None]) -> dict[str, FileContent]:
    """Return the files of these entries of `store`; an entry that is None has no file."""
    known = {path: entry for path, entry in entries.items() if entry}
    texts = store.read(entry.blob for entry in known.values())
    return {path: FileContent(entry.mode, texts[entry.blob]) for path, entry in known.items()}


def read_files(repository: Repository, paths: Iterable[str]) -> dict[str, FileContent]:
    """Return the files that exist at these paths of the service."""
    there = ((path, read_file(repository.folder / path)) for path in paths)
    return {path: content for path, content in there if content}


def checked_out_files(
    repository: Repository, entries: Mapping[str, Entry], store: Store
) -> dict[str, FileContent]:
    """Return the files that a checkout of `entries` would write here, after the service's filters.

    `store` holds the contents. The filters are those of the current attributes files.
    """
    borrowed = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(store.git_dir / "objects")}
    filtered = {path: entry for path, entry in entries.items() if _in_batch(path, entry)}
    texts = dict(zip(filtered, _batch(repository, filtered, borrowed), strict=True))
    for path, entry in entries.items():
        if path not in filtered:
            texts[path] = _one(repository, path, entry, borrowed)
    return {path: FileContent(entry.mode, texts[path]) for path, entry in entries.items()}


def _in_batch(path: str, entry: Entry) -> bool:
    return entry.mode != LINK and "\n" not in path


def _batch(
    repository: Repository, entries: Mapping[str, Entry], env: Mapping[str, str]
) -> list[bytes]:
    # the sizes that git prints are those before the filters, so a mark of our own parts the files
    mark = secrets.token_hex(16)
    asked = b"".join(
        f"{entry.blob} {repository.prefix}".encode() + os.fsencode(path) + b"\n"
        for path, entry in entries.items()
    )
    printed = repository.git("cat-file", f"--batch={mark}", "--filters", stdin=asked, env=env)
    return [part[1:-1] for part in printed.split(mark.encode())[1:]]


def _one(repository: Repository, path: str, entry: Entry, env: Mapping[str, str]) -> bytes:
    if entry.mode == LINK:
        return repository.git("cat-file", "blob", entry.blob, env=env)
    return repository.git(
        "cat-file", "--filters", f"--path={repository.prefix}{path}", entry.blob, env=env
    )


def replace_file(folder: Path, path: str, wanted: FileContent | None) -> None:
    """Write `path` in one step, or remove it if `wanted` is None; remove folders left empty.

    Raises CouldNotRunError when the machine cannot write.
    """
    place = folder / path
    try:
        if wanted is None:
            place.unlink(missing_ok=True)
            _prune(folder, place.parent)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_path(place)
        draft.unlink(missing_ok=True)
        if wanted.mode == LINK:
            draft.symlink_to(os.fsdecode(wanted.content))
        else:
            draft.write_bytes(wanted.content)
            draft.chmod(0o777 & ~_umask() if wanted.mode == EXECUTABLE else 0o666 & ~_umask())
        _clear(place)
        draft.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft_path(place).unlink(missing_ok=True)
        raise write_error(error, str(place)) from error


def _clear(place: Path) -> None:
    """Remove folders without files: git does not know them, and a file cannot replace one."""
    if place.is_dir() and not place.is_symlink():
        for folder, _, _ in os.walk(place, topdown=False):
            Path(folder).rmdir()


def draft_path(place: Path) -> Path:
    """Return the path at which a file is written before it takes its place."""
    name = hashlib.sha256(os.fsencode(place.name)).hexdigest()[
        :16
    ]  # short enough for every file system
    return place.with_name(f".{name}.roadbed-new")


def _prune(folder: Path, empty: Path) -> None:
    with contextlib.suppress(OSError):  # not empty, or not there
        while empty != folder:
            empty.rmdir()
            empty = empty.parent


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def write_files(repository: Repository, wanted: Mapping[str, FileContent | None]) -> None:
    """Write every file of the service, or remove it if None, each in one step.

    Deletions come first: a folder may replace a file.
    """
    current = read_files(repository, wanted)
    for path, content in wanted.items():
        draft_path(repository.folder / path).unlink(missing_ok=True)
        if content is None:
            replace_file(repository.folder, path, None)
    for path, content in wanted.items():
        if content is not None and current.get(path) != content:
            replace_file(repository.folder, path, content)


def save_aside(repository: Repository, paths: Sequence[str]) -> list[Path]:
    """Copy files of the service to a folder that updates never touch; return the copies."""
    saved = repository.private_folder / "saved" / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        for path in paths:
            place = saved / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository.folder / path, place, follow_symlinks=False)
    except OSError as error:
        raise write_error(error, str(saved)) from error
    return [saved / path for path in paths]

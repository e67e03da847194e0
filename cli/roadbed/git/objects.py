"""Git objects without the user's index or work tree: trees as mappings, read and written.

A `Store` ignores the git settings of the user and the machine, so that the same input gives the
same objects everywhere.
"""

import hashlib
import os
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from roadbed.git.command import GitError, git_output

FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
_SETTINGS = ("-c", f"core.attributesFile={os.devnull}", "-c", "core.quotePath=false")
_ISOLATION = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    **{
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Roadbed"), ("EMAIL", "roadbed@localhost"))
    },
}


class Entry(NamedTuple):
    """A file of a tree: git's mode (six digits) and the id of its content."""

    mode: str
    blob: str


@dataclass(frozen=True)
class Store:
    """The objects of the bare repository `git_dir`, and of those it borrows from."""

    git_dir: Path

    def run(self, *arguments: str, stdin: bytes = b"", fine: Container[int] = (0,)) -> bytes:
        """Return git's output for a command in this store."""
        where = f"--git-dir={self.git_dir}"
        return git_output(*_SETTINGS, where, *arguments, env=_isolated(), stdin=stdin, fine=fine)

    def entries(self, tree: str) -> dict[str, Entry]:
        """Return every file of a tree (or commit), by path."""
        return parse_tree(self.run("ls-tree", "-r", "-z", "--full-tree", tree))

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of blobs, by id; raises GitError when one is missing."""
        wanted = list(dict.fromkeys(blobs))
        asked = "".join(f"{blob}\n" for blob in wanted).encode()
        return dict(_batch(wanted, self.run("cat-file", "--batch", stdin=asked)))

    def lacks(self, blobs: Iterable[str]) -> list[str]:
        """Return the blobs that are missing."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        lines = self.run("cat-file", "--batch-check", stdin=asked).decode().splitlines()
        return [line.split()[0] for line in lines if line.endswith(" missing")]

    def write_blob(self, content: bytes) -> str:
        """Write a content; return its id."""
        return self.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def write_folder(self, folder: Path) -> dict[str, Entry]:
        """Write every file of a folder unchanged, byte for byte; return its entries."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        names = "".join(f"{path}\n" for path in files).encode()
        blobs = self.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names)
        return {
            path.relative_to(folder).as_posix(): Entry(_mode(path), blob)
            for path, blob in zip(files, blobs.decode().split(), strict=True)
        }

    def write_tree(self, entries: Mapping[str, Entry]) -> str:
        """Write a tree of entries; return its id."""
        with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
            index = {**_isolated(), "GIT_INDEX_FILE": str(Path(scratch) / "index")}
            where = f"--git-dir={self.git_dir}"
            lines = index_lines((path, "0", entry) for path, entry in entries.items())
            git_output(where, "update-index", "-z", "--index-info", env=index, stdin=lines)
            return git_output(where, "write-tree", env=index).decode().strip()

    def write_commit(self, tree: str, parents: Sequence[str] = (), message: str = "") -> str:
        """Write a commit of a tree; return its id."""
        options = [word for parent in parents for word in ("-p", parent)]
        printed = self.run("commit-tree", tree, *options, stdin=message.encode())
        return printed.decode().strip()


def _isolated() -> dict[str, str | None]:
    """Return the environment of git in a store, without variables that a hook or a user
    exported.
    """
    exported = dict.fromkeys(name for name in os.environ if name.startswith("GIT_"))
    return {**exported, **_ISOLATION}


def blob_id(content: bytes) -> str:
    """Return the id that git gives to a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def parse_tree(listing: bytes) -> dict[str, Entry]:
    """Return the entries in the output of `git ls-tree -r -z`."""
    entries = {}
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, blob = about.decode().split()
        entries[os.fsdecode(path)] = Entry(mode, blob)
    return entries


def parse_stages(lines: Iterable[bytes]) -> Iterator[tuple[str, str, Entry]]:
    """Yield path, stage and entry of lines from `git ls-files --stage` or `git merge-tree`."""
    for line in lines:
        about, _, path = line.partition(b"\t")
        mode, blob, stage = about.decode().split()
        yield os.fsdecode(path), stage, Entry(mode, blob)


def index_lines(stages: Iterable[tuple[str, str, Entry | None]]) -> bytes:
    """Return lines for `git update-index -z --index-info`: path, stage, entry (None removes it)."""
    absent = Entry("0", "0" * 40)
    return b"".join(
        f"{(entry or absent).mode} {(entry or absent).blob} {stage}\t".encode()
        + os.fsencode(path)
        + b"\0"
        for path, stage, entry in stages
    )


def _batch(wanted: Iterable[str], printed: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    for blob in wanted:
        end = printed.index(b"\n", at)
        header = printed[at:end].split()
        if header[-1] == b"missing":
            raise GitError("cat-file", f"object {blob} is missing")
        size = int(header[-1])
        yield blob, printed[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _mode(path: Path) -> str:
    return EXECUTABLE if os.access(path, os.X_OK) else FILE


@contextmanager
def scratch(borrowed: Iterable[Path]) -> Iterator[Store]:
    """Yield a temporary store that also sees the objects of the `borrowed` folders."""
    with tempfile.TemporaryDirectory(prefix="roadbed-") as folder:
        store = Store(Path(folder))
        store.run("init", "--quiet", "--bare", "--template=", folder)
        lines = "".join(f"{path}\n" for path in borrowed)
        (store.git_dir / "objects/info").mkdir(exist_ok=True)
        (store.git_dir / "objects/info/alternates").write_text(lines, encoding="utf-8")
        yield store
